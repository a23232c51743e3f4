// native/server: the HTTP server on the user's machine: reading requests strictly, who may call, routes and their
// answers. Only native/cli includes it; it may include all of native and shared, and is the only home of Boost.
// Start here with what a route gets and gives, then exchange.h (how it answers) and router.h (how it is found);
// http_session.cpp is the only place that reads and writes sockets.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/server/multipart.h"
#include "shared/base/error.h"
#include "shared/base/json.h"

namespace palimpsest {

/// Header fields in their order; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// The first value of that name, or nullptr.
  const std::string* find(std::string_view name) const;
  std::size_t count(std::string_view name) const;

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// Replaces all fields of that name.
  void set(std::string name, std::string value);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// Whether two names or tokens are the same without regard to the case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);

/// A request that passed all rules of reading; what its text says is still the client's word.
struct HttpRequest {
  std::string id;                             ///< 26 letters, answered as x-request-id
  std::string method;                         ///< as sent; HEAD stays HEAD where a GET route answers
  std::string path;                           ///< as sent, without query
  std::vector<std::string> segments;          ///< of the path, percent-decoded one by one; empty ones left out
  std::map<std::string, std::string> query;   ///< percent-decoded; the first of several values
  std::map<std::string, std::string> params;  ///< what stood for the `{name}`s of the route
  Headers headers;
  std::string remote_address;  ///< "127.0.0.1", never from a header
  std::string client;          ///< whom queues are fair between: the key (hashed) or the address
  int version = 11;            ///< 10 or 11

  std::string body;                   ///< of JSON requests
  std::optional<MultipartForm> form;  ///< of multipart requests

  bool is_safe() const { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }
  /// The value of a query parameter; empty where there is none.
  std::string query_value(const std::string& name) const;
  /// What the route calls `{name}`. Errors: PalimpsestError `internal_error` where the route has none of that name.
  const std::string& param(const std::string& name) const;
};

/// What a route answers. The server adds length, date, request id, CORS and safety headers. The body may be shared
/// with other answers.
struct HttpResponse {
  int status = 200;
  Headers headers = {};
  std::shared_ptr<const std::string> body = {};  ///< nullptr: none
  std::string log_note = {};                     ///< for the operator's log, never sent
};

HttpResponse json_response(int status, const Json& body);
HttpResponse bytes_response(int status, std::string content_type, std::string bytes);
/// The error on the wire (shared/api/wire_error.h), with `retry-after` seconds where they are > 0.
HttpResponse error_response(const Error& error, int retry_after_seconds = 0);

/// Names of our own response headers.
namespace header_names {
inline constexpr const char* kProvider = "x-provider";      ///< who answered
inline constexpr const char* kCheckpoint = "x-checkpoint";  ///< which weights it ran
inline constexpr const char* kRequestId = "x-request-id";
}  // namespace header_names

/// Whether `value` may stand in a header: no control characters but tab, so neither CR, LF nor NUL.
bool is_header_value(std::string_view value);
/// Whether `name` is a token of RFC 9110.
bool is_token(std::string_view name);

/// The standard's words for a status; "Unknown" for others.
std::string_view reason_phrase(int status);

}  // namespace palimpsest
