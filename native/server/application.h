#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "native/server/app_state.h"
#include "native/server/router.h"

namespace palimpsest {

/// The whole server: sockets, access, routes, queue, engine and data folder. Serves from its construction on; the
/// engine loads meanwhile.
class Application {
 public:
  /// Errors: PalimpsestError of HttpServer, AccessPolicy::create, Storage and add_page_routes.
  Application(AppOptions options, EngineMaker make_engine);
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  /// shut_down(0).
  ~Application();

  std::uint16_t port() const { return server_.port(); }
  AppState& state() { return *state_; }
  AccessPolicy& access() { return *access_; }
  const Router& router() const { return *router_; }

  /// Takes no more work, lets the running job finish for up to `drain` and answers who waits for it; queued jobs that
  /// somebody comes back for stay in the data folder.
  void shut_down(std::chrono::milliseconds drain);

 private:
  HttpServerOptions server_options(const AppOptions& options);
  void log(const RequestLog& log);

  // Each outlives those below it; the server's threads end first of all, in shut_down.
  std::unique_ptr<AppState> state_;
  HttpServer server_;
  std::unique_ptr<AccessPolicy> access_;
  std::unique_ptr<Router> router_;
};

}  // namespace palimpsest
