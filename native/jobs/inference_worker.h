#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "native/jobs/worker.h"
#include "shared/base/stop_token.h"

namespace palimpsest {

/// What turns a request into pictures: a loaded checkpoint with its decoders and encoders. Used by one thread.
class PictureEngine {
 public:
  virtual ~PictureEngine() = default;

  /// Throws PalimpsestError; after `stop` was requested, soon, with code `cancelled`.
  virtual JobResult run(const JobRequest& request, const JobProgressCallback& progress, const StopToken& stop) = 0;
};

/// Loads the engine; called once, on the thread that will own it. Throws PalimpsestError.
using EngineFactory = std::function<std::unique_ptr<PictureEngine>()>;

/// The worker inside of this process: one thread that loads the engine, owns it and runs one job after the other.
class InferenceWorker final : public Worker {
 public:
  enum class State { loading, ready, failed };

  explicit InferenceWorker(EngineFactory load);
  /// Stops the running job; jobs that have not begun end as `cancelled`.
  ~InferenceWorker() override;

  /// Whether the engine is there. After `failed`, load_error says why, and every job ends with that error.
  State state() const;
  std::optional<Error> load_error() const;

  int capacity(int /*lane*/) const override { return 1; }
  void start(JobRequest request, JobProgressCallback progress, OutcomeCallback done) override;
  void cancel(const std::string& job_id) override;

 private:
  struct Task {
    JobRequest request;
    JobProgressCallback progress;
    OutcomeCallback done;
    StopToken stop = {};
  };

  void loop(const EngineFactory& load);
  std::unique_ptr<PictureEngine> loaded(const EngineFactory& load);
  std::optional<Task> next_task();
  JobOutcome outcome_of(PictureEngine* engine, const Task& task) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;  // guarded by mutex_, as are all below
  std::string running_id_;  // empty: none
  StopToken running_stop_;  // of running_id_
  bool closing_ = false;
  State state_ = State::loading;
  std::optional<Error> load_error_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace palimpsest
