#include "shared/catalog/parameter.h"

#include <algorithm>
#include <array>

#include "shared/catalog/object_reader.h"

namespace palimpsest {
namespace {

constexpr std::array kModes = {Mode::generate, Mode::edit};
constexpr std::array kTypes = {ParameterType::string,  ParameterType::integer, ParameterType::number,
                               ParameterType::boolean, ParameterType::image,   ParameterType::list};
constexpr std::array kHandlings = {Handling::passed, Handling::renamed, Handling::converted, Handling::emulated,
                                   Handling::ignored};

Result<ParameterSupport> parse_support(const std::string& provider, const Json& json, const std::string& pointer) {
  // A lone word is the short form of {"how": word}.
  Json object = json;
  if (json.is_string()) object = Json(Json::Object{{"how", json}});
  ObjectReader reader(object, pointer);
  ParameterSupport support{provider};
  reader.read_name("how", support.how, kHandlings);
  reader.read("name", support.name);
  reader.read("minimum", support.minimum);
  reader.read("maximum", support.maximum);
  reader.read("edit_maximum", support.edit_maximum);
  reader.read("as", support.as);
  reader.read("fixed", support.fixed);
  reader.read("values", support.values);
  reader.read("note", support.note);
  return reader.finish(std::move(support));
}

void read_support(ObjectReader& reader, Parameter& parameter) {
  const Json* json = reader.member("support");
  if (json == nullptr) return;
  if (!json->is_object()) return reader.report("support", "an object is needed");
  for (const auto& [provider, value] : *json->as_object()) {
    Result<ParameterSupport> support = parse_support(provider, value, reader.pointer_of("support") + "/" + provider);
    if (!support) return reader.keep(support.error());
    parameter.support.push_back(*std::move(support));
  }
}

template <typename T>
void set_if(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json.set(key, *value);
}

void set_if(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json.set(key, value);
}

void set_if(Json& json, const char* key, bool value) {
  if (value) json.set(key, true);
}

// Numbers of a catalogue are written as integers where they are whole.
void set_number(Json& json, const char* key, const std::optional<double>& value) {
  if (!value) return;
  const auto whole = static_cast<std::int64_t>(*value);
  json.set(key, static_cast<double>(whole) == *value ? Json(whole) : Json(*value));
}

void set_strings(Json& json, const char* key, const std::vector<std::string>& values) {
  if (!values.empty()) json.set(key, Json::Array(values.begin(), values.end()));
}

Json to_json(const ParameterSupport& support) {
  Json json;
  json.set("how", std::string(name_of(support.how)));
  set_if(json, "name", support.name);
  set_number(json, "minimum", support.minimum);
  set_number(json, "maximum", support.maximum);
  set_number(json, "edit_maximum", support.edit_maximum);
  set_if(json, "as", support.as);
  set_if(json, "fixed", support.fixed);
  set_strings(json, "values", support.values);
  set_if(json, "note", support.note);
  return json;
}

}  // namespace

std::string_view name_of(Mode mode) {
  return mode == Mode::generate ? "generate" : "edit";
}

std::string_view name_of(ParameterType type) {
  switch (type) {
    case ParameterType::string:
      return "string";
    case ParameterType::integer:
      return "integer";
    case ParameterType::number:
      return "number";
    case ParameterType::boolean:
      return "boolean";
    case ParameterType::image:
      return "image";
    case ParameterType::list:
      return "list";
  }
  return "";
}

std::string_view name_of(Handling handling) {
  switch (handling) {
    case Handling::passed:
      return "passed";
    case Handling::renamed:
      return "renamed";
    case Handling::converted:
      return "converted";
    case Handling::emulated:
      return "emulated";
    case Handling::ignored:
      return "ignored";
  }
  return "";
}

bool Parameter::is_for(Mode mode) const {
  return std::find(modes.begin(), modes.end(), mode) != modes.end();
}

bool Parameter::answers_to(std::string_view key) const {
  return key == name || std::find(aliases.begin(), aliases.end(), key) != aliases.end();
}

const ParameterSupport* Parameter::support_of(std::string_view provider) const {
  const auto found = std::find_if(support.begin(), support.end(),
                                  [provider](const ParameterSupport& item) { return item.provider == provider; });
  return found == support.end() ? nullptr : &*found;
}

Result<Mode> parse_mode(const Json& json, const std::string& pointer) {
  for (const Mode mode : kModes) {
    if (json.is_string() && *json.as_string() == name_of(mode)) return mode;
  }
  return Error{"catalog_invalid", pointer + ": \"generate\" or \"edit\" is needed"};
}

Result<Parameter> parse_parameter(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  Parameter parameter;
  reader.read("name", parameter.name, true);
  reader.read("aliases", parameter.aliases);
  reader.read_name("type", parameter.type, kTypes);
  reader.read("format", parameter.format);
  reader.read("group", parameter.group);
  reader.read("description", parameter.description, true);
  reader.read_items("modes", parameter.modes, parse_mode);
  reader.read("required", parameter.required);
  reader.read("multiline", parameter.multiline);
  reader.read("openai", parameter.openai);
  reader.read("http_only", parameter.http_only);
  reader.read("decisive", parameter.decisive);
  if (const Json* value = reader.member("default")) parameter.default_value = *value;
  reader.read("default_text", parameter.default_text);
  reader.read("minimum", parameter.minimum);
  reader.read("maximum", parameter.maximum);
  reader.read("max_bytes", parameter.max_bytes);
  reader.read("max_items", parameter.max_items);
  reader.read("values", parameter.values);
  reader.read_items("fields", parameter.fields, parse_parameter);
  read_support(reader, parameter);
  return reader.finish(std::move(parameter));
}

Json to_json(const Parameter& parameter) {
  Json json;
  json.set("name", parameter.name);
  set_strings(json, "aliases", parameter.aliases);
  json.set("type", std::string(name_of(parameter.type)));
  set_if(json, "format", parameter.format);
  set_if(json, "group", parameter.group);
  json.set("description", parameter.description);
  Json::Array modes;
  for (const Mode mode : parameter.modes) modes.emplace_back(std::string(name_of(mode)));
  if (!modes.empty()) json.set("modes", std::move(modes));
  set_if(json, "required", parameter.required);
  set_if(json, "multiline", parameter.multiline);
  set_if(json, "openai", parameter.openai);
  set_if(json, "http_only", parameter.http_only);
  set_if(json, "decisive", parameter.decisive);
  if (!parameter.default_value.is_null()) json.set("default", parameter.default_value);
  set_if(json, "default_text", parameter.default_text);
  set_number(json, "minimum", parameter.minimum);
  set_number(json, "maximum", parameter.maximum);
  set_if(json, "max_bytes", parameter.max_bytes);
  set_if(json, "max_items", parameter.max_items);
  set_strings(json, "values", parameter.values);
  Json::Array fields;
  for (const Parameter& field : parameter.fields) fields.push_back(to_json(field));
  if (!fields.empty()) json.set("fields", std::move(fields));
  Json support;
  for (const ParameterSupport& item : parameter.support) support.set(item.provider, to_json(item));
  if (!parameter.support.empty()) json.set("support", std::move(support));
  return json;
}

}  // namespace palimpsest
