// shared/base: what every other folder stands on: errors, results, strict JSON, cancellation.
// Any folder may include it; it includes nothing but the standard library.
// Start with error.h: its two types are how bad input and failures travel through the whole program.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace palimpsest {

/// One problem, as data: shown beside a form field, printed by the command line or sent as an HTTP body.
struct Error {
  std::string code;        ///< machine-readable: `invalid_value` for requests, `MODEL_TRUNCATED` for files
  std::string message;     ///< one sentence that names the thing and the limit
  std::string param = {};  ///< the request field or command-line option at fault; empty where there is none
  int http_status = 400;   ///< what the server answers with
};

/// Codes used from more than one place.
namespace codes {
inline constexpr std::string_view kInvalidValue = "invalid_value";
inline constexpr std::string_view kCancelled = "cancelled";
inline constexpr std::string_view kOutOfMemory = "out_of_memory";
inline constexpr std::string_view kInternal = "internal_error";
}  // namespace codes

/// The one exception type of the engine. Thrown where a problem is detected, caught at the four walls:
/// route wrapper, worker loop, command-line main, page event loop.
class PalimpsestError : public std::exception {
 public:
  explicit PalimpsestError(Error error) : error_(std::move(error)) {}

  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

  /// The same problem with "context: " before its message; for a file, tensor or op name known one level up.
  PalimpsestError in(std::string_view context) const;

 private:
  Error error_;
};

/// Throws PalimpsestError for a caller's or an input's mistake.
[[noreturn]] void fail(std::string_view code, std::string message, int http_status = 400);

}  // namespace palimpsest
