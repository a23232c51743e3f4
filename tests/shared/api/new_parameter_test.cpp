// A parameter that is added to the data file alone appears everywhere.
#include <doctest/doctest.h>

#include <string>

#include "shared/api/form.h"
#include "shared/api/openapi.h"
#include "shared/api/snippet.h"
#include "shared/api/wire_openai.h"
#include "tests/shared/api/requests.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

const Catalog& catalog_with_tiling() {
  static const Catalog catalog = [] {
    std::string text(built_in_catalog_text());
    const std::string start = "\"parameters\": [";
    const std::string entry =
        R"({"name": "tile_overlap", "type": "integer", "group": "Additional", "modes": ["generate"],
      "default": 8, "minimum": 0, "maximum": 64, "description": "How far tiles overlap, in pixels.",
      "support": {"local": "passed", "fal": {"how": "ignored", "note": "no tiles"}, "fireworks": "passed",
                  "replicate": "passed", "bfl": "passed", "lumenfall": "passed", "gateway": "passed"}},)";
    text.insert(text.find(start) + start.size(), entry);
    return Catalog::parse(text).value_or_throw();
  }();
  return catalog;
}

ParsedRequest parse_tiled(const std::string& value) {
  return parse_json_request("{\"prompt\": \"p\", \"tile_overlap\": " + value + "}", Mode::generate,
                            catalog_with_tiling());
}

}  // namespace

TEST_CASE("a parameter added to the catalogue is validated") {
  CHECK(parse_tiled("64").request);
  CHECK(parse_tiled("64").warnings.empty());
  CHECK(parse_tiled("65").problems[0].error.message == "tile_overlap is 65; a whole number from 0 to 64 is needed");
  CHECK(parse(R"({"prompt": "p", "tile_overlap": 65})").warnings[0].code == "unknown_parameter");
}

TEST_CASE("a parameter added to the catalogue is in the normal form, in bodies, forms and snippets") {
  const GenerationRequest request = valid(parse_tiled("9"));
  const Catalog& catalog = catalog_with_tiling();
  CHECK(normal_form(request, catalog).find("tile_overlap")->dump() == "9");
  CHECK(normal_form(valid(parse_tiled("8")), catalog).find("tile_overlap") == nullptr);
  CHECK(to_json_body(request).find("tile_overlap")->dump() == "9");
  CHECK(to_form_fields(request)[0].value == "9");
  CHECK(snippet(request, catalog, SnippetLanguage::python).find("extra_body={\"tile_overlap\": 9}") !=
        std::string::npos);
  CHECK(provider_warnings(request, catalog, "fal")[0].message == "tile_overlap has no effect at fal: no tiles.");
}

TEST_CASE("a parameter added to the catalogue is in the schema, the form, the help and the OpenAPI document") {
  const Catalog& catalog = catalog_with_tiling();
  const Json model = model_object(catalog.models()[0], catalog, true);
  CHECK(parse_schema(model)->front().name == "tile_overlap");
  const auto form = build_form(catalog.parameters(), catalog.groups(), Mode::generate, "fal");
  CHECK(form.back().entries.front().label == "Tile overlap");
  CHECK(form.back().entries.front().widget == Widget::whole_number);
  CHECK(form.back().entries.front().handling == Handling::ignored);
  CHECK(cli_help_lines(cli_options(catalog.parameters(), Mode::generate)).front() ==
        "  --tile-overlap INTEGER          How far tiles overlap, in pixels. Takes a whole number from 0 to");
  CHECK(cli_options(catalog.parameters(), Mode::edit).front().parameter != "tile_overlap");
  const Json document = openapi_document(catalog, "1");
  const Json* body = document.find("components")->find("schemas")->find("GenerateRequest");
  CHECK(body->find("properties")->find("tile_overlap")->find("maximum")->dump() == "64");
}
