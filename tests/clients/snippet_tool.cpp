// What the tests of generated snippets ask of shared/api. Reads one request from stdin, as JSON: {"mode", "json": TEXT}
// for a JSON body, {"mode", "fields": [{"name", "value"} or {"name", "file", "base64"}]} for a form.
//
//   snippet_tool snippet LANGUAGE BASE_URL   prints the program that the playground shows for the request
//   snippet_tool normal                      prints the request's one form: equal ones ask for the same
#include <array>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "shared/api/parse_request.h"
#include "shared/api/snippet.h"
#include "shared/image/base64.h"

using namespace palimpsest;

namespace {

std::string text_of(const Json& json, const char* name) {
  const Json* member = json.find(name);
  if (member == nullptr || !member->is_string()) fail(codes::kInvalidValue, std::string(name) + " is missing");
  return *member->as_string();
}

FormField field_of(const Json& json) {
  if (json.find("file") == nullptr) return {text_of(json, "name"), text_of(json, "value")};
  constexpr std::size_t kMaxBytes = 1 << 20;
  std::string bytes = decode_base64(text_of(json, "base64"), kMaxBytes).value_or_throw();
  return {text_of(json, "name"), std::move(bytes), true, text_of(json, "file")};
}

ParsedRequest parse(const Json& json) {
  const Mode mode = text_of(json, "mode") == "edit" ? Mode::edit : Mode::generate;
  const Json* fields = json.find("fields");
  if (fields == nullptr) return parse_json_request(text_of(json, "json"), mode, built_in_catalog());
  std::vector<FormField> form;
  for (const Json& field : *fields->as_array()) form.push_back(field_of(field));
  return parse_form_request(form, mode, built_in_catalog());
}

SnippetLanguage language_of(const std::string& name) {
  if (name == "curl") return SnippetLanguage::curl;
  if (name == "javascript") return SnippetLanguage::javascript;
  fail(codes::kInvalidValue, "unknown language " + name);
}

std::string answer(const std::vector<std::string>& arguments) {
  const std::string text((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  const ParsedRequest parsed = parse(parse_json(text).value_or_throw());
  if (!parsed.request) throw PalimpsestError(parsed.problems.front().error);
  if (arguments.at(0) == "normal") return normal_form(*parsed.request, built_in_catalog()).dump() + "\n";
  SnippetOptions options;
  options.base_url = arguments.at(2);
  return snippet(*parsed.request, built_in_catalog(), language_of(arguments.at(1)), options);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    std::cout << answer({arguments + 1, arguments + count});
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << "snippet_tool: " << problem.what() << "\n";
    return 1;
  }
}
