#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "native/cli/command.h"
#include "native/cli/config_file.h"
#include "native/cli/engine_options.h"
#include "native/cli/exit_codes.h"
#include "native/cli/interrupt.h"
#include "native/cli/local_checkpoints.h"
#include "native/jobs/local_engine.h"
#include "native/server/application.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct ServeOptions {
  EngineOptions engine;
  std::string models, data, page, config;
  std::vector<std::string> hosts = {"127.0.0.1", "::1"};
  std::uint16_t port = 7801;
  std::vector<std::string> api_keys, allowed_origins, allowed_hosts;
  bool strict_origin = false, pair = false, log_requests = false;
  std::size_t queue = QueueOptions{}.capacity;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The user's folder for data. Source: XDG Base Directory Specification.
std::string usual_data_folder() {
  const std::string named = environment("XDG_DATA_HOME");
  if (!named.empty() && named.front() == '/') return (fs::path(named) / "palimpsest").string();
  const std::string home = environment("HOME");
  if (home.empty())
    throw PalimpsestError({std::string(codes::kInvalidValue), "there is no HOME; name a folder", "--data"});
  return (fs::path(home) / ".local/share/palimpsest").string();
}

/// The playground beside the program's installation or in the source tree it was built from; empty where it was not
/// built.
std::string usual_page_folder() {
  std::error_code problem;
  const fs::path program = fs::read_symlink("/proc/self/exe", problem);
  for (const fs::path& place : {program.parent_path().parent_path() / "share/palimpsest/page",
                                fs::path(PALIMPSEST_SOURCE_DIR) / "build/web/dist"}) {
    if (fs::exists(place / "index.html", problem)) return place.string();
  }
  return "";
}

AppOptions app_options(const ServeOptions& options) {
  AppOptions app;
  app.access = {options.hosts,        0, options.allowed_hosts, options.allowed_origins, options.api_keys,
                options.strict_origin};
  app.http.port = options.port;
  app.queue.capacity = options.queue;
  app.queue.per_client = std::min(app.queue.per_client, options.queue);
  app.data_folder = options.data.empty() ? usual_data_folder() : options.data;
  app.page_folder = options.page.empty() ? usual_page_folder() : options.page;
  app.version = PALIMPSEST_VERSION;
  app.checkpoints = local_checkpoints(options.engine, options.models);
  app.logs_requests = options.log_requests;
  return app;
}

std::unique_ptr<PictureEngine> make_engine(const LocalModels& models, CheckpointLoaded on_loaded,
                                           const StopToken& stop) {
  return std::make_unique<LocalEngine>(
      LocalEngine::Options{models.checkpoints(), "Palimpsest " PALIMPSEST_VERSION, std::move(on_loaded)},
      models.main().name, stop);
}

/// The address to type in: that of this machine where the server listens on all of them.
std::string address_of(const std::string& host, std::uint16_t port) {
  const std::string name = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
  const bool is_ipv6 = name.find(':') != std::string::npos;
  return fmt::format("http://{}:{}", is_ipv6 ? "[" + name + "]" : name, port);
}

void print_addresses(const AppOptions& options, Application& app) {
  const std::string address = address_of(options.access.bind_hosts.front(), app.port());
  fmt::print("Palimpsest {}\n", PALIMPSEST_VERSION);
  fmt::print("  playground  {}/{}\n", address, options.page_folder.empty() ? "  (not built)" : "");
  fmt::print("  API         {}/v1\n", address);
  fmt::print("  data        {}\n", options.data_folder);
  std::string models;
  for (const std::string& id : app.state().models.ids()) models += (models.empty() ? "" : ", ") + id;
  fmt::print("  models      {}\n", models);
  std::fflush(stdout);
}

void print_pairing(Application& app) {
  fmt::print("  pairing     {}   (for one page, once, within ten minutes)\n", app.access().new_pairing_token());
  std::fflush(stdout);
}

/// Until the engine is there. Errors: why it could not be loaded.
void wait_for_engine(Application& app, const StopToken& stop, Clock::time_point start) {
  AppState& state = app.state();
  while (state.worker.state() == InferenceWorker::State::loading && !stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (const auto error = state.worker.load_error(); error && !stop.stop_requested()) throw PalimpsestError(*error);
  if (stop.stop_requested()) return;
  fmt::print("Ready with {} after {:.2f} s. Ctrl-C ends it.\n", state.models.main().name,
             std::chrono::duration<double>(Clock::now() - start).count());
  std::fflush(stdout);
}

void serve_until(const StopToken& stop, AppState& state) {
  auto next_housekeeping = Clock::now();
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (Clock::now() < next_housekeeping) continue;
    state.queue.housekeep();
    next_housekeeping = Clock::now() + std::chrono::minutes(1);
  }
}

int run_serve(const ServeOptions& options) {
  constexpr std::chrono::seconds kDrain{20};
  const auto start = Clock::now();
  const StopToken stop;
  const InterruptScope interrupt(stop);
  const AppOptions app_settings = app_options(options);
  Application app(app_settings, make_engine);
  print_addresses(app_settings, app);
  if (options.pair) print_pairing(app);
  wait_for_engine(app, stop, start);
  serve_until(stop, app.state());
  const std::size_t running = app.state().queue.running_count(), queued = app.state().queue.queued_count();
  if (running + queued > 0) {
    fmt::print("Stopping: {} running, which may finish within {} s; {} queued, kept for the next start.\n", running,
               kDrain.count(), queued);
    std::fflush(stdout);
  }
  app.shut_down(kDrain);
  return kExitOk;
}

void add_access_options(CLI::App& command, ServeOptions& options) {
  command.add_option("--host", options.hosts, "Addresses to listen on; others than this machine's own need --api-key")
      ->delimiter(',')
      ->capture_default_str()
      ->group("Access");
  command.add_option("--port", options.port, "Port; 0: any that is free")->capture_default_str()->group("Access");
  command
      .add_option("--api-key", options.api_keys,
                  "Key that clients must send, at least 16 characters; better in PALIMPSEST_API_KEY or the file")
      ->delimiter(',')
      ->group("Access");
  command
      .add_option("--allow-origin", options.allowed_origins,
                  "Origin of a hosted page that may call, as https://page.example")
      ->delimiter(',')
      ->group("Access");
  command.add_option("--allow-host", options.allowed_hosts, "Further name under which the server is reached")
      ->delimiter(',')
      ->group("Access");
  command.add_flag("--strict-origin", options.strict_origin, "Refuse pages of other servers on this machine, too")
      ->group("Access");
  command.add_flag("--pair", options.pair, "Print a token with which one hosted page gets a key")->group("Access");
}

void add_serve_options(CLI::App& command, ServeOptions& options) {
  add_access_options(command, options);
  command.add_option("--models", options.models, "Folder of checkpoints, each served as local/<name>")->group("Engine");
  add_engine_options(command, options.engine);
  command.add_option("--data", options.data,
                     "Folder for jobs and pictures; default: ~/.local/share/palimpsest or under $XDG_DATA_HOME");
  command.add_option("--page", options.page, "Folder of the built playground to serve at /");
  command.add_option("--queue", options.queue, "Jobs that may wait")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command.add_flag("--log-requests", options.log_requests, "A line of JSON on stderr for each request");
  add_environment(command);
  command.add_option("--config", options.config, "TOML file with these options: port = 7801, host = [\"127.0.0.1\"]");
}

}  // namespace

void add_serve_command(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("serve", "Runs the OpenAI-compatible server and the playground");
  const auto options = std::make_shared<ServeOptions>();
  add_serve_options(*command, *options);
  command->footer(examples_footer(
      "  palimpsest serve\n"
      "  palimpsest serve --model /models/FLUX.1-Kontext-dev --port 8000\n"
      "  PALIMPSEST_API_KEY=a-long-random-secret palimpsest serve --host 0.0.0.0\n"
      "  palimpsest serve --config palimpsest.toml\n"
      "\n"
      "Every option can stand in the environment (--allow-origin as PALIMPSEST_ALLOW_ORIGIN) and in the file of\n"
      "--config. The command line wins over the environment, and that over the file."));
  command->callback([options, command, &action] {
    action = [options, command] {
      if (!options->config.empty()) read_config_file(*command, options->config);
      return run_serve(*options);
    };
  });
}

}  // namespace palimpsest
