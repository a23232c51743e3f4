#include "native/server/app_state.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace palimpsest {
namespace {

/// Counts and times what an engine does.
class MeasuredEngine final : public PictureEngine {
 public:
  MeasuredEngine(std::unique_ptr<PictureEngine> engine, AppState& app) : engine_(std::move(engine)), app_(app) {}

  JobResult run(const JobRequest& request, const JobProgressCallback& progress, const StopToken& stop) override {
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [start] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    try {
      JobResult result = engine_->run(request, progress, stop);
      const auto pictures = static_cast<double>(std::max<std::size_t>(result.pictures.size(), 1));
      app_.record.add(true, seconds() / pictures);
      app_.metrics.observe("palimpsest_job_seconds", {{"checkpoint", result.model}}, seconds());
      app_.metrics.count("palimpsest_pictures_total", {{"checkpoint", result.model}}, pictures);
      app_.metrics.count("palimpsest_jobs_total", {{"outcome", "succeeded"}});
      return result;
    } catch (const PalimpsestError& problem) {
      count_failure(problem.error().code == codes::kCancelled, problem.error().http_status);
      throw;
    } catch (const std::exception&) {
      count_failure(false, 500);
      throw;
    }
  }

 private:
  /// A request that was cancelled or was wrong says nothing about the engine's health.
  void count_failure(bool cancelled, int status) {
    app_.metrics.count("palimpsest_jobs_total", {{"outcome", cancelled ? "cancelled" : "failed"}});
    if (!cancelled && status >= 500) app_.record.add(false, 0);
  }

  std::unique_ptr<PictureEngine> engine_;
  AppState& app_;
};

}  // namespace

AppMetrics::AppMetrics() {
  add_http();
  add_counter("palimpsest_jobs_total", "Jobs that ended, by outcome");
  add_counter("palimpsest_pictures_total", "Pictures made");
  add_duration("palimpsest_job_seconds", "Seconds that jobs ran");
}

void LocalRecord::add(bool succeeded, double seconds_of_picture) {
  const std::lock_guard lock(mutex_);
  ++(succeeded ? counts_.succeeded : counts_.failed);
  if (succeeded) times_.add(seconds_of_picture);
}

LocalRecord::Figures LocalRecord::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures = counts_;
  figures.seconds_of_picture = times_.typical();
  return figures;
}

AppState::AppState(const AppOptions& options_in, EngineMaker make_engine)
    : options(options_in),
      storage(options_in.data_folder),
      models(options_in.checkpoints),
      worker([this, make_engine = std::move(make_engine)]() -> std::unique_ptr<PictureEngine> {
        auto engine = make_engine(
            models, [this](const CheckpointFacts& facts) { models.set_facts(facts); }, loading_stop);
        return std::make_unique<MeasuredEngine>(std::move(engine), *this);
      }),
      queue(storage, worker, options_in.queue) {
  metrics.add_gauge("palimpsest_queued_jobs", "Jobs that wait",
                    [this] { return static_cast<double>(queue.queued_count()); });
  metrics.add_gauge("palimpsest_running_jobs", "Jobs that run",
                    [this] { return static_cast<double>(queue.running_count()); });
}

AppState::~AppState() {
  is_draining = true;
  loading_stop.request_stop();
}

std::optional<Error> AppState::not_ready() const {
  if (is_draining) return Error{"shutting_down", "The server is shutting down and takes no more requests", "", 503};
  switch (worker.state()) {
    case InferenceWorker::State::loading:
      return Error{"model_loading", "The checkpoint " + models.main().name + " is being loaded; try again soon", "",
                   503};
    case InferenceWorker::State::failed:
      return Error{"engine_failed",
                   "The checkpoint " + models.main().name + " could not be loaded: " + worker.load_error()->message, "",
                   503};
    case InferenceWorker::State::ready:
      break;
  }
  return std::nullopt;
}

}  // namespace palimpsest
