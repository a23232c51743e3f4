#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "shared/base/result.h"

namespace palimpsest {

/// A JSON value. Objects keep the order of their members; integers are exact over the whole 64-bit range.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}                                  // NOLINT: implicit on purpose, for literals
  Json(bool value) : value_(value) {}                      // NOLINT
  Json(int value) : value_(std::int64_t{value}) {}         // NOLINT
  Json(std::int64_t value) : value_(value) {}              // NOLINT
  Json(std::uint64_t value);                               // NOLINT: stored signed where it fits
  Json(double value) : value_(value) {}                    // NOLINT
  Json(const char* value) : value_(std::string(value)) {}  // NOLINT
  Json(std::string value) : value_(std::move(value)) {}    // NOLINT
  Json(Array value) : value_(std::move(value)) {}          // NOLINT
  Json(Object value) : value_(std::move(value)) {}         // NOLINT

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const {
    return std::holds_alternative<std::int64_t>(value_) || std::holds_alternative<std::uint64_t>(value_);
  }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// The value as the type asked for, or nullptr: never a conversion.
  const bool* as_bool() const { return std::get_if<bool>(&value_); }
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }

  /// Integers in the range asked for; false otherwise (also for 1.0 and 1e3, which are not written as integers).
  bool to_int64(std::int64_t& out) const;
  bool to_uint64(std::uint64_t& out) const;
  /// Any number as a double; false for other types.
  bool to_double(double& out) const;

  /// The member called `key`, or nullptr where there is none or this is not an object.
  const Json* find(std::string_view key) const;
  /// The text of the member called `key`; empty where there is none or it is no string.
  std::string text(std::string_view key) const;
  /// Appends or replaces a member; the value must be an object or null (which becomes an empty object).
  Json& set(std::string key, Json value);

  /// Compact text; integers exact, doubles so that they read back equal (null where not finite), bytes
  /// that are not UTF-8 as U+FFFD. With `indent` > 0, pretty.
  std::string dump(int indent = 0) const;

  bool operator==(const Json& other) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

struct JsonLimits {
  std::size_t max_bytes = std::size_t{16} << 20;
  int max_depth = 32;                                    ///< nesting of arrays and objects
  std::size_t max_values = 1'000'000;                    ///< values in all
  std::size_t max_string_bytes = std::size_t{16} << 20;  ///< of one string as written, escapes and all
};

/// Reads exactly one JSON value (RFC 8259): no comments, no trailing text, no NaN, no duplicate keys, valid UTF-8 only
/// (surrogates in pairs, no overlong forms, no NUL bytes outside of escapes), numbers that a double or a 64-bit integer
/// can hold; an integer beyond 64 bits becomes a double. Errors: codes `json_too_large`, `json_string_length`,
/// `json_encoding`, `json_depth`, `json_duplicate_key` (message names it), `json_number`, `json_syntax`; the message
/// has the byte offset.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace palimpsest
