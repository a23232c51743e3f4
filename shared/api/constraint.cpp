#include "shared/api/constraint.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "shared/api/problem.h"
#include "shared/api/size_choice.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kShownBytes = 60;

std::string number_text(double number) {
  const auto whole = static_cast<std::int64_t>(std::clamp(number, -1e15, 1e15));
  return static_cast<double>(whole) == number ? std::to_string(whole) : Json(number).dump();
}

std::string range_text(const Parameter& parameter) {
  std::string text;
  if (parameter.minimum) text += " from " + number_text(*parameter.minimum);
  if (parameter.maximum) text += " to " + number_text(*parameter.maximum);
  return text;
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

Error refused(const char* code, const Parameter& parameter, const std::string& what) {
  return {code, parameter.name + " is " + what + "; " + constraint_text(parameter) + " is needed", parameter.name};
}

Error refused_value(const Parameter& parameter, const Json& value) {
  return refused("invalid_value", parameter, printable(value.dump(), kShownBytes));
}

Error refused_type(const Parameter& parameter, const Json& value) {
  return refused(codes::kInvalidType, parameter, printable(value.dump(), kShownBytes));
}

// A decimal without sign or leading zeros.
bool parse_uint64(const std::string& text, std::uint64_t& out) {
  if (text.empty() || text.size() > 20 || (text.size() > 1 && text.front() == '0')) return false;
  if (text.find_first_not_of("0123456789") != std::string::npos) return false;
  const Result<Json> number = parse_json(text);
  return number && number->to_uint64(out);  // beyond 64 bits the reader gives a double, which is no integer
}

bool is_within(const Parameter& parameter, double number) {
  return (!parameter.minimum || number >= *parameter.minimum) && (!parameter.maximum || number <= *parameter.maximum);
}

Result<Json> check_uint64(const Parameter& parameter, const Json& value) {
  std::uint64_t number = 0;
  if (value.to_uint64(number)) return Json(number);
  if (value.is_string() && parse_uint64(*value.as_string(), number)) return Json(number);
  return value.is_number() || value.is_string() ? refused_value(parameter, value) : refused_type(parameter, value);
}

Result<Json> check_integer(const Parameter& parameter, const Json& value) {
  if (parameter.format == "uint64") return check_uint64(parameter, value);
  std::int64_t number = 0;
  if (!value.to_int64(number)) {
    return value.is_number() ? refused_value(parameter, value) : refused_type(parameter, value);
  }
  if (!is_within(parameter, static_cast<double>(number))) return refused_value(parameter, value);
  return Json(number);
}

// Always a double, so that 1 and 1.0 are one value.
Result<Json> check_number(const Parameter& parameter, const Json& value) {
  double number = 0;
  if (!value.to_double(number)) return refused_type(parameter, value);
  if (!is_within(parameter, number)) return refused_value(parameter, value);
  return Json(number == 0 ? 0.0 : number);  // no minus zero
}

Result<Json> check_format(const Parameter& parameter, const std::string& text) {
  if (parameter.format == "aspect_ratio") {
    const Result<AspectRatio> ratio = parse_aspect_ratio(text);
    return ratio ? Result<Json>(ratio->to_string()) : ratio.error();
  }
  if (parameter.format == "size") {
    const Result<SizeChoice> choice = parse_size(text);
    if (!choice) return choice.error();
    return Json(choice->ratio ? choice->ratio->to_string() : text);
  }
  return Json(text);
}

Result<Json> check_string(const Parameter& parameter, const Json& value) {
  if (!value.is_string() && !(value.is_integer() && !parameter.values.empty())) return refused_type(parameter, value);
  const std::string text = value.is_string() ? *value.as_string() : value.dump();
  const auto& values = parameter.values;
  if (!values.empty() && std::find(values.begin(), values.end(), text) == values.end()) {
    return refused_value(parameter, value);
  }
  if (parameter.max_bytes && text.size() > static_cast<std::uint64_t>(*parameter.max_bytes)) {
    return refused("invalid_value", parameter, std::to_string(text.size()) + " bytes long");
  }
  if (const std::size_t invalid = first_invalid_utf8(text); invalid != text.size()) {
    return refused("invalid_value", parameter, "not valid UTF-8 at byte " + std::to_string(invalid));
  }
  if (text.find('\0') != std::string::npos) return refused("invalid_value", parameter, "a text with a NUL character");
  if (parameter.required && text.find_first_not_of(" \t\r\n\v\f") == std::string::npos) {
    return refused("invalid_value", parameter, "empty");
  }
  return check_format(parameter, text);
}

// `error` with the list's name before the member's.
Error in_list(const Parameter& list, Error error) {
  error.message = list.name + ": " + error.message;
  error.param = list.name;
  return error;
}

Result<Json> check_item(const Parameter& list, const Json& item, std::string& pointer) {
  if (!item.is_object()) return refused_type(list, item);
  for (const auto& [key, value] : *item.as_object()) {
    const bool known = std::any_of(list.fields.begin(), list.fields.end(),
                                   [&name = key](const Parameter& field) { return field.name == name; });
    if (!known)
      return refused("invalid_value", list, "given the unknown member \"" + printable(key, kShownBytes) + "\"");
  }
  Json checked{Json::Object{}};
  for (const Parameter& field : list.fields) {
    const Json* value = item.find(field.name);
    if (value == nullptr || value->is_null()) value = &field.default_value;
    if (value->is_null()) {
      if (field.required) return refused(codes::kMissingParameter, list, "without the member \"" + field.name + "\"");
      continue;
    }
    std::string inner = pointer + "/" + field.name;
    Result<Json> member = check_value(field, *value, inner);
    if (!member) {
      pointer = inner;
      return in_list(list, member.error());
    }
    checked.set(field.name, *std::move(member));
  }
  return checked;
}

Result<Json> check_list(const Parameter& parameter, const Json& value, std::string& pointer) {
  const Json::Array* items = value.as_array();
  if (items == nullptr) return refused_type(parameter, value);
  if (parameter.max_items && items->size() > static_cast<std::uint64_t>(*parameter.max_items)) {
    return refused("invalid_value", parameter, "a list of " + std::to_string(items->size()));
  }
  Json::Array checked;
  for (std::size_t i = 0; i < items->size(); ++i) {
    std::string inner = pointer + "/" + std::to_string(i);
    Result<Json> item = check_item(parameter, (*items)[i], inner);
    if (!item) {
      pointer = inner;
      return item.error();
    }
    checked.push_back(*std::move(item));
  }
  return Json(std::move(checked));
}

// A text in the JSON type of the parameter; the text itself where it does not look like one.
Json typed(const Parameter& parameter, const std::string& text) {
  if (parameter.type == ParameterType::string || parameter.format == "uint64") return Json(text);
  if (parameter.type == ParameterType::boolean && (text == "true" || text == "false")) return Json(text == "true");
  JsonLimits limits;
  limits.max_bytes = std::size_t{64} << 10;
  limits.max_depth = 4;
  limits.max_values = 1000;
  const Result<Json> json = parse_json(text, limits);
  return json ? *json : Json(text);
}

}  // namespace

std::string constraint_text(const Parameter& parameter) {
  if (!parameter.values.empty()) return "one of " + joined(parameter.values);
  switch (parameter.type) {
    case ParameterType::integer:
      if (parameter.format == "uint64") return "a whole number from 0 to 18446744073709551615";
      return "a whole number" + range_text(parameter);
    case ParameterType::number:
      return "a number" + range_text(parameter);
    case ParameterType::boolean:
      return "true or false";
    case ParameterType::image:
      return "a picture as PNG, JPEG, GIF, WebP or AVIF";
    case ParameterType::list: {
      std::string members;
      for (const Parameter& field : parameter.fields) members += (members.empty() ? "" : " and ") + field.name;
      const std::string most = parameter.max_items ? "up to " + std::to_string(*parameter.max_items) + " " : "";
      return "a list of " + most + "objects with " + members;
    }
    case ParameterType::string:
      break;
  }
  if (parameter.format == "size") return "WIDTHxHEIGHT in pixels, a ratio as 16:9, or auto";
  if (parameter.format == "aspect_ratio") return "width:height, as 16:9,";
  return parameter.max_bytes ? "a text of at most " + std::to_string(*parameter.max_bytes) + " bytes" : "a text";
}

std::string default_of(const Parameter& parameter) {
  const Json& value = parameter.default_value;
  if (value.is_null()) return parameter.default_text;
  return value.is_string() ? *value.as_string() : value.dump();
}

Result<Json> check_value(const Parameter& parameter, const Json& value, std::string& pointer) {
  switch (parameter.type) {
    case ParameterType::integer:
      return check_integer(parameter, value);
    case ParameterType::number:
      return check_number(parameter, value);
    case ParameterType::boolean:
      return value.is_bool() ? Result<Json>(value) : refused_type(parameter, value);
    case ParameterType::string:
      return check_string(parameter, value);
    case ParameterType::list:
      return check_list(parameter, value, pointer);
    case ParameterType::image:
      break;
  }
  return refused_type(parameter, value);
}

Result<Json> check_text(const Parameter& parameter, const std::string& text, std::string& pointer) {
  return check_value(parameter, typed(parameter, text), pointer);
}

}  // namespace palimpsest
