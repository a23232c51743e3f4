#pragma once

#include <string>
#include <vector>

#include "shared/base/error.h"

namespace palimpsest {

/// Something wrong with a request, and where.
struct Problem {
  Error error;
  std::string pointer;  ///< RFC 6901, into the JSON body; "/name" for the field of a form; empty: the whole
};

/// Something that a request asks for and does not get, or not in the way it was asked.
struct Warning {
  std::string code;  ///< `unknown_parameter`, `ignored_parameter`, `changed_value`
  std::string param;
  std::string message;
  bool operator==(const Warning&) const = default;
};

/// Codes of requests that cannot be read, as OpenAI's own.
namespace codes {
inline constexpr const char* kInvalidType = "invalid_type";
inline constexpr const char* kMissingParameter = "missing_required_parameter";
inline constexpr const char* kUnsupportedParameter = "unsupported_parameter";
inline constexpr const char* kDuplicateParameter = "duplicate_parameter";
}  // namespace codes

}  // namespace palimpsest
