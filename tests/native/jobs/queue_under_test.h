#pragma once

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "native/jobs/job_queue.h"
#include "tests/native/jobs/stub_worker.h"
#include "tests/native/storage/stored_folder.h"

namespace palimpsest::test {

/// A queue over a data folder, with calls that wait for their answer.
struct QueueUnderTest {
  StoredFolder data;
  std::unique_ptr<Worker> worker;
  QueueOptions options;
  std::unique_ptr<JobQueue> queue;

  explicit QueueUnderTest(const QueueOptions& queue_options = {}, std::unique_ptr<Worker> with = nullptr)
      : worker(with ? std::move(with) : std::make_unique<StubWorker>()), options(queue_options) {
    open();
  }

  StubWorker& stub() { return static_cast<StubWorker&>(*worker); }
  void open() { queue = std::make_unique<JobQueue>(*data.storage, *worker, options); }

  std::future<Result<Submitted>> submit_later(Submission submission) {
    auto promise = std::make_shared<std::promise<Result<Submitted>>>();
    queue->submit(std::move(submission),
                  [promise](Result<Submitted> answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  Result<Submitted> submit(Submission submission) { return submit_later(std::move(submission)).get(); }
  std::string submit_as(const std::string& client) { return submit({client, "{}"}).value_or_throw().id; }

  Result<JobState> cancel(const std::string& id) {
    std::promise<Result<JobState>> promise;
    queue->cancel(id, [&](Result<JobState> state) { promise.set_value(std::move(state)); });
    return promise.get_future().get();
  }
};

/// Collects the events of a job.
class Events {
 public:
  Events(JobQueue& queue, const std::string& id, std::int64_t after = 0)
      : subscription_(queue
                          .subscribe(id, after,
                                     [this](const LiveEvent& event) {
                                       const std::lock_guard lock(mutex_);
                                       events_.push_back(event);
                                       changed_.notify_all();
                                     })
                          .value_or_throw()) {}

  /// Waits for an event of this type and returns it.
  LiveEvent wait_for(const std::string& type) {
    std::unique_lock lock(mutex_);
    for (;;) {
      for (const LiveEvent& event : events_) {
        if (event.event.type == type) return event;
      }
      changed_.wait(lock);
    }
  }

  std::vector<LiveEvent> seen() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  std::string types() {
    std::string types;
    for (const LiveEvent& event : seen()) types += event.event.type + " ";
    return types;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LiveEvent> events_;
  Subscription subscription_;
};

}  // namespace palimpsest::test
