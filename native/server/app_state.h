// What the routes share; see application.h for who makes and ends it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "native/jobs/inference_worker.h"
#include "native/jobs/job_queue.h"
#include "native/jobs/run_times.h"
#include "native/jobs/serial_thread.h"
#include "native/server/auth.h"
#include "native/server/http_server.h"
#include "native/server/local_models.h"
#include "native/server/metrics.h"
#include "native/storage/storage.h"

namespace palimpsest {

/// What was measured of the local engine since the start.
class LocalRecord {
 public:
  void add(bool succeeded, double seconds_of_picture);

  struct Figures {
    std::int64_t succeeded = 0, failed = 0;
    std::optional<double> seconds_of_picture;  ///< median of recent ones
  };
  Figures figures() const;

 private:
  mutable std::mutex mutex_;
  Figures counts_;  // guarded by mutex_
  RunTimes times_;  // guarded by mutex_
};

/// The metrics there are, before any thread counts.
class AppMetrics : public Metrics {
 public:
  AppMetrics();
};

struct AppOptions {
  AccessOptions access = {};  ///< its port is that of the server
  HttpServerOptions http = {};
  QueueOptions queue = {};
  std::string data_folder;
  std::string page_folder;  ///< the built playground; empty: a page that says so
  std::string version = "0";
  std::vector<LocalCheckpoint> checkpoints;
  bool logs_requests = false;  ///< a line of JSON on stderr for each
};

/// Makes the engine for a list of checkpoints; called on the thread that will own it. `stop` ends the loading.
using EngineMaker = std::function<std::unique_ptr<PictureEngine>(const LocalModels& models, CheckpointLoaded on_loaded,
                                                                 const StopToken& stop)>;

/// What the routes share. Members are declared so that each outlives those that use it.
class AppState {
 public:
  /// Opens the data folder and begins to load the engine. Errors: those of DataStore.
  AppState(const AppOptions& options, EngineMaker make_engine);
  /// Ends the queue; running jobs run again after the next start.
  ~AppState();

  /// Why no picture can be made now: 503 `model_loading`, `engine_failed`, `shutting_down`; absent: it can.
  std::optional<Error> not_ready() const;

  const AppOptions options;
  const Catalog& catalog = built_in_catalog();
  DataStore storage;
  LocalModels models;
  AppMetrics metrics;
  LocalRecord record;
  const StopToken loading_stop;
  std::atomic<bool> is_draining{false};
  InferenceWorker worker;
  SerialThread answers;  ///< encodes answers and previews, in the order of the events they belong to
  JobQueue queue;
};

}  // namespace palimpsest
