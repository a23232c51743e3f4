#include "native/jobs/inference_worker.h"

#include <algorithm>
#include <new>
#include <utility>

namespace palimpsest {
namespace {

/// The wall of the engine's thread: whatever `work` throws becomes data.
template <typename Work>
auto caught(Work&& work) -> Result<decltype(work())> {
  try {
    return work();
  } catch (const PalimpsestError& problem) {
    return problem.error();
  } catch (const std::bad_alloc&) {
    return Error{std::string(codes::kOutOfMemory), "there was not enough memory for this request", {}, 507};
  } catch (const std::exception& problem) {
    return Error{std::string(codes::kInternal), std::string("the engine failed: ") + problem.what(), {}, 500};
  }
}

Error cancelled_error() {
  return {std::string(codes::kCancelled), "the request was cancelled", {}, 499};
}

}  // namespace

InferenceWorker::InferenceWorker(EngineFactory load) : thread_([this, load = std::move(load)] { loop(load); }) {}

InferenceWorker::~InferenceWorker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    running_stop_.request_stop();
    for (const Task& task : tasks_) task.stop.request_stop();
  }
  changed_.notify_one();
  thread_.join();
}

InferenceWorker::State InferenceWorker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::optional<Error> InferenceWorker::load_error() const {
  const std::lock_guard lock(mutex_);
  return load_error_;
}

void InferenceWorker::start(JobRequest request, JobProgressCallback progress, OutcomeCallback done) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(request), std::move(progress), std::move(done)});
    if (closing_) tasks_.back().stop.request_stop();
  }
  changed_.notify_one();
}

void InferenceWorker::cancel(const std::string& job_id) {
  const std::lock_guard lock(mutex_);
  if (running_id_ == job_id) running_stop_.request_stop();
  for (const Task& task : tasks_) {
    if (task.request.id == job_id) task.stop.request_stop();
  }
}

void InferenceWorker::loop(const EngineFactory& load) {
  const std::unique_ptr<PictureEngine> engine = loaded(load);
  while (std::optional<Task> task = next_task()) {
    JobOutcome outcome = outcome_of(engine.get(), *task);
    {
      const std::lock_guard lock(mutex_);
      running_id_.clear();
    }
    task->done(std::move(outcome));
  }
}

std::unique_ptr<PictureEngine> InferenceWorker::loaded(const EngineFactory& load) {
  Result<std::unique_ptr<PictureEngine>> engine = caught(load);
  const std::lock_guard lock(mutex_);
  state_ = engine ? State::ready : State::failed;
  if (engine) return *std::move(engine);
  load_error_ = engine.error();
  return nullptr;
}

std::optional<InferenceWorker::Task> InferenceWorker::next_task() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
  if (tasks_.empty()) return std::nullopt;
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  running_id_ = task.request.id;
  running_stop_ = task.stop;
  return task;
}

JobOutcome InferenceWorker::outcome_of(PictureEngine* engine, const Task& task) const {
  if (task.stop.stop_requested()) return cancelled_error();
  if (engine == nullptr) return *load_error();
  return caught([&] { return engine->run(task.request, task.progress, task.stop); });
}

}  // namespace palimpsest
