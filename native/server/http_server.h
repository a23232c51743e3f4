#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/server/exchange.h"
#include "native/server/http_limits.h"
#include "native/server/request_log.h"

namespace palimpsest {

enum class BodyKind {
  none,               ///< a request with a body is refused
  json,               ///< `application/json`
  multipart_or_json,  ///< or `multipart/form-data`
};

/// What is to be done with a request, told by its head.
struct Admission {
  std::optional<HttpResponse> refusal;  ///< answered at once, with none of the body read
  BodyKind body = BodyKind::none;
  bool json_has_pictures = false;  ///< its JSON may have limits.max_picture_json_bytes, else max_json_bytes
  bool is_quick = false;     ///< handled on the thread of the sockets: takes no longer than microseconds, never waits
  Handler handler;           ///< must not throw
  Headers response_headers;  ///< added to whatever answer the request gets
  std::string route;         ///< its pattern, for metrics; empty: unknown path
  std::string log_path;      ///< the path without secrets
};

/// What the server serves: the router. Called on threads of the server.
class HttpApplication {
 public:
  virtual ~HttpApplication() = default;

  /// Decides by the head alone, and may complete `request` (params, client). Must not throw.
  virtual Admission admit(HttpRequest& request) = 0;
};

struct HttpServerOptions {
  std::vector<std::string> hosts = {"127.0.0.1", "::1"};  ///< addresses to listen on; all get the same port
  std::uint16_t port = 0;                                 ///< 0: any free one
  int io_threads = 2;
  int handler_threads = 4;
  HttpLimits limits = {};
  std::string spool_folder;                    ///< for uploads; must exist
  std::function<void(const RequestLog&)> log;  ///< called once a request, on threads of the server; may be empty
};

/// Counts for metrics, as they are now.
struct HttpServerCounts {
  std::size_t connections = 0, event_streams = 0;
};

/// Listens, reads requests strictly (see request_head.h) and writes answers.
class HttpServer {
 public:
  /// Binds. Errors: PalimpsestError `address_in_use`, `address_unavailable` naming the address and port. An IPv6
  /// loopback that the machine does not have is left out where an IPv4 one is there.
  explicit HttpServer(HttpServerOptions options);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// drain(0).
  ~HttpServer();

  std::uint16_t port() const;

  /// Starts to serve; `application` outlives the server. Once.
  void start(HttpApplication& application);

  /// Stops accepting, closes idle connections and resumable streams, lets running exchanges finish for up to `time`,
  /// then ends what is left (streams with an `error` event) and stops all threads.
  void drain(std::chrono::milliseconds time);

  HttpServerCounts counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace palimpsest
