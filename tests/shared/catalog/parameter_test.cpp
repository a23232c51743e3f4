#include "shared/catalog/parameter.h"

#include <doctest/doctest.h>

#include "shared/catalog/catalog.h"

using namespace palimpsest;

TEST_CASE("every parameter of the catalogue is the same again when written and read") {
  for (const Parameter& parameter : built_in_catalog().parameters()) {
    CAPTURE(parameter.name);
    const Json json = to_json(parameter);
    const Result<Parameter> again = parse_parameter(json);
    REQUIRE(again);
    CHECK(to_json(*again) == json);
    CHECK(again->type == parameter.type);
    CHECK(again->modes == parameter.modes);
    CHECK(again->support.size() == parameter.support.size());
  }
}

TEST_CASE("members that a newer server sends are skipped") {
  const Json json = *parse_json(R"({"name": "x", "type": "integer", "description": "d", "novelty": [1, {"a": null}]})");
  CHECK(parse_parameter(json)->name == "x");
}

TEST_CASE("a broken parameter is refused with the place") {
  const std::pair<const char*, const char*> examples[] = {
      {R"([])", "/p: an object is needed"},
      {R"({"type": "string", "description": ""})", "/p/name: is missing"},
      {R"({"name": "x", "type": "text", "description": ""})", "/p/type: \"text\" is not one of the names known"},
      {R"({"name": "x", "type": "string", "description": "", "minimum": "1"})", "/p/minimum: a number is needed"},
      {R"({"name": "x", "type": "string", "description": "", "values": ["a", 1]})", "/p/values/1: a string is needed"},
      {R"({"name": "x", "type": "string", "description": "", "modes": ["video"]})",
       "/p/modes/0: \"generate\" or \"edit\" is needed"},
      {R"({"name": "x", "type": "string", "description": "", "support": {"fal": {"how": "maybe"}}})",
       "/p/support/fal/how: \"maybe\" is not one of the names known"},
      {R"({"name": "x", "type": "list", "description": "", "fields": [{}]})", "/p/fields/0/name: is missing"},
  };
  for (const auto& [text, message] : examples) {
    const Result<Parameter> parameter = parse_parameter(*parse_json(text), "/p");
    REQUIRE_FALSE(parameter);
    CHECK(parameter.error().message == message);
    CHECK(parameter.error().code == "catalog_invalid");
  }
}
