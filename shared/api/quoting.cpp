#include "shared/api/quoting.h"

#include <cstdint>

namespace palimpsest {
namespace {

// U+200B…200F, U+2028…202E, U+2066…2069: characters that reorder or hide source text, or end lines in it. All are E2
// and a byte each of 80 or 81 and of the ranges here.
bool is_deceptive(unsigned char second, unsigned char third) {
  if (second == 0x80) return (third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE);
  return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

// A string literal of both languages. JSON's escapes are theirs too.
std::string string_literal(const std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  const std::string json = Json(text).dump();
  std::string literal;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto first = static_cast<unsigned char>(json[i]);
    const auto second = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : 0);
    const auto third = static_cast<unsigned char>(i + 2 < json.size() ? json[i + 2] : 0);
    if (first == 0xE2 && is_deceptive(second, third)) {
      const unsigned code = 0x2000u | (second & 0x3Fu) << 6 | (third & 0x3Fu);
      literal += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) literal += kDigits[code >> shift & 15];
      i += 2;
    } else if (first == 0x7F) {
      literal += "\\u007f";
    } else {
      literal += json[i];
    }
  }
  return literal;
}

struct Words {
  const char *null, *yes, *no;
  bool large_integers;
};

std::string literal(const Json& value, const Words& words);

std::string items(const Json::Array& array, const Words& words) {
  std::string text;
  for (const Json& item : array) text += (text.empty() ? "" : ", ") + literal(item, words);
  return "[" + text + "]";
}

std::string members(const Json::Object& object, const Words& words) {
  std::string text;
  for (const auto& [key, value] : object) {
    text += (text.empty() ? "" : ", ") + string_literal(key) + ": " + literal(value, words);
  }
  return "{" + text + "}";
}

bool fits_javascript(const Json& integer) {
  constexpr std::int64_t kLargest = (std::int64_t{1} << 53) - 1;
  std::int64_t value = 0;
  return integer.to_int64(value) && value >= -kLargest && value <= kLargest;
}

std::string literal(const Json& value, const Words& words) {
  if (value.is_null()) return words.null;
  if (const bool* boolean = value.as_bool()) return *boolean ? words.yes : words.no;
  if (const std::string* text = value.as_string()) return string_literal(*text);
  if (const Json::Array* array = value.as_array()) return items(*array, words);
  if (const Json::Object* object = value.as_object()) return members(*object, words);
  if (value.is_integer() && !words.large_integers && !fits_javascript(value)) return string_literal(value.dump());
  return value.dump();
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string javascript_literal(const Json& value) {
  return literal(value, {"null", "true", "false", false});
}

std::string python_literal(const Json& value) {
  return literal(value, {"None", "True", "False", true});
}

}  // namespace palimpsest
