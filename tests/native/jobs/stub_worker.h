#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "native/jobs/worker.h"

namespace palimpsest::test {

/// A result of one picture whose file has these bytes.
inline JobResult one_picture(const std::string& bytes, std::uint64_t seed = 7) {
  JobResult result;
  result.pictures.push_back({{bytes, "image/png", {4, 3}}, seed});
  result.model = "stub";
  return result;
}

inline Error cancelled() {
  return {std::string(codes::kCancelled), "cancelled", {}, 499};
}

/// A worker whose jobs the test carries on and ends. With `obeys`, cancelled ones end by themselves.
class StubWorker final : public Worker {
 public:
  explicit StubWorker(int capacity = 1, bool obeys = true) : capacity_(capacity), obeys_(obeys) {}

  int capacity(int /*lane*/) const override { return capacity_; }

  void start(JobRequest request, JobProgressCallback progress, OutcomeCallback done) override {
    const std::lock_guard lock(mutex_);
    order_.push_back(request.id);
    const std::string id = request.id;
    running_[id] = {std::move(request), std::move(progress), std::move(done)};
    changed_.notify_all();
  }

  void cancel(const std::string& id) override {
    {
      const std::lock_guard lock(mutex_);
      cancelled_.insert(id);
      if (!obeys_ || running_.count(id) == 0) return;
    }
    end(id, cancelled());
  }

  /// Waits until the job was given to it.
  JobRequest wait_for(const std::string& id) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return running_.count(id) != 0; });
    return running_[id].request;
  }

  void progress(const std::string& id, JobProgress progress) {
    JobProgressCallback report;
    {
      const std::lock_guard lock(mutex_);
      report = running_.at(id).progress;
    }
    report(std::move(progress));
  }

  void end(const std::string& id, JobOutcome outcome) {
    OutcomeCallback done;
    {
      const std::lock_guard lock(mutex_);
      done = std::move(running_.at(id).done);
      running_.erase(id);
    }
    done(std::move(outcome));
  }

  /// The jobs in the order in which they were started.
  std::vector<std::string> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }

  bool was_cancelled(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return cancelled_.count(id) != 0;
  }

 private:
  struct Running {
    JobRequest request;
    JobProgressCallback progress;
    OutcomeCallback done;
  };

  int capacity_;
  bool obeys_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Running> running_;
  std::vector<std::string> order_;
  std::set<std::string> cancelled_;
};

}  // namespace palimpsest::test
