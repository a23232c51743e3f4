#include "native/server/application.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "native/server/routes.h"

namespace palimpsest {
namespace {

/// The folder for uploads on their way, inside of the data folder.
std::string spool_folder(const AppOptions& options) {
  const std::filesystem::path folder = std::filesystem::path(options.data_folder) / "spool";
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    throw PalimpsestError({"storage_failed", folder.string() + " cannot be made: " + problem.message(), "--data", 500});
  }
  return folder.string();
}

AccessOptions access_options(AccessOptions options, std::uint16_t port) {
  options.port = port;
  return options;
}

}  // namespace

Application::Application(AppOptions options, EngineMaker make_engine)
    : state_(std::make_unique<AppState>(options, std::move(make_engine))),
      server_(server_options(options)),
      access_(AccessPolicy::create(access_options(options.access, server_.port())).value_or_throw()),
      router_(std::make_unique<Router>(*access_)) {
  AppState& app = *state_;
  add_image_routes(*router_, app);
  add_picture_routes(*router_, app);
  add_model_routes(*router_, app);
  add_job_routes(*router_, app);
  add_gallery_routes(*router_, app);
  add_meta_routes(*router_, app, *access_);
  add_page_routes(*router_, app);
  app.metrics.add_gauge("palimpsest_connections", "Open connections",
                        [this] { return static_cast<double>(server_.counts().connections); });
  app.metrics.add_gauge("palimpsest_event_streams", "Open event streams",
                        [this] { return static_cast<double>(server_.counts().event_streams); });
  server_.start(*router_);
}

Application::~Application() {
  shut_down(std::chrono::milliseconds(0));
}

HttpServerOptions Application::server_options(const AppOptions& options) {
  HttpServerOptions http = options.http;
  http.hosts = options.access.bind_hosts;
  http.spool_folder = spool_folder(options);
  http.log = [this](const RequestLog& line) { log(line); };
  return http;
}

void Application::log(const RequestLog& line) {
  state_->metrics.count_request(line);
  if (state_->options.logs_requests || !line.note.empty()) fmt::print(stderr, "{}\n", log_line(line));
}

void Application::shut_down(std::chrono::milliseconds drain) {
  constexpr std::chrono::milliseconds kLastAnswers{2'000};
  state_->is_draining = true;
  state_->loading_stop.request_stop();
  state_->queue.shutdown(drain);
  server_.drain(drain.count() == 0 ? drain : kLastAnswers);
}

}  // namespace palimpsest
