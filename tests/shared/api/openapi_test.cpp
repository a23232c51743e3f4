#include "shared/api/openapi.h"

#include <doctest/doctest.h>

#include <string>

using namespace palimpsest;

namespace {

Json document() {
  return openapi_document(built_in_catalog(), "0.1.0");
}

const Json& schema(const Json& document, const char* name) {
  return *document.find("components")->find("schemas")->find(name);
}

// Visits every "$ref" of a value.
template <typename Visit>
void for_each_reference(const Json& json, Visit visit) {
  if (const Json::Array* array = json.as_array()) {
    for (const Json& item : *array) for_each_reference(item, visit);
  }
  if (const Json::Object* object = json.as_object()) {
    for (const auto& [key, value] : *object) {
      if (key == "$ref") visit(*value.as_string());
      for_each_reference(value, visit);
    }
  }
}

}  // namespace

TEST_CASE("every reference of the document leads somewhere") {
  const Json json = document();
  int count = 0;
  for_each_reference(json, [&](const std::string& reference) {
    const std::string prefix = "#/components/schemas/";
    REQUIRE(reference.rfind(prefix, 0) == 0);
    CHECK(json.find("components")->find("schemas")->find(reference.substr(prefix.size())) != nullptr);
    ++count;
  });
  CHECK(count > 20);
}

TEST_CASE("request bodies have the parameters of their mode") {
  const Json json = document();
  const Json* generate = schema(json, "GenerateRequest").find("properties");
  CHECK(generate->find("prompt") != nullptr);
  CHECK(generate->find("strength") == nullptr);
  CHECK(generate->find("image") == nullptr);
  CHECK(schema(json, "GenerateRequest").find("required")->dump() == R"(["prompt"])");
  const Json& edit = schema(json, "EditRequest");
  CHECK(edit.find("properties")->find("images") != nullptr);
  CHECK(edit.find("required")->dump() == R"(["prompt","images"])");
  CHECK(schema(json, "EditForm").find("properties")->find("image")->find("format")->dump() == "\"binary\"");
}

TEST_CASE("a parameter becomes the JSON Schema of its type and limits") {
  const Catalog& catalog = built_in_catalog();
  CHECK(
      json_schema(*catalog.find_parameter("n")).dump() ==
      R"({"type":["integer","null"],"description":"How many pictures; picture i has the seed plus i.","default":1,"minimum":1,"maximum":10})");
  CHECK(json_schema(*catalog.find_parameter("seed")).find("maximum")->dump() == "18446744073709551615");
  CHECK(json_schema(*catalog.find_parameter("resolution")).find("enum")->dump() == R"(["auto","1K",null])");
  CHECK(json_schema(*catalog.find_parameter("loras")).find("items")->find("required")->dump() == R"(["name"])");
}

TEST_CASE("paths with several methods have them all, and placeholders are declared") {
  const Json json = document();
  const Json* job = json.find("paths")->find("/v1/jobs/{id}");
  REQUIRE(job != nullptr);
  CHECK(job->find("get") != nullptr);
  CHECK(job->find("delete")->find("parameters")->as_array()->front().find("name")->dump() == "\"id\"");
  CHECK(json.find("paths")
            ->find("/v1/images/edits")
            ->find("post")
            ->find("requestBody")
            ->find("content")
            ->as_object()
            ->size() == 2);
}
