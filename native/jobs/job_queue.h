#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "native/jobs/fair_queue.h"
#include "native/jobs/run_times.h"
#include "native/jobs/serial_thread.h"
#include "native/jobs/subscription.h"
#include "native/jobs/worker.h"
#include "native/storage/job_events.h"

namespace palimpsest {

struct QueueOptions {
  std::size_t capacity = 64;    ///< jobs that may wait
  std::size_t per_client = 32;  ///< of them, of one client
  ImageLimits images = {};
};

/// A request for the queue.
struct Submission {
  std::string client;   ///< whom the queue is fair between: a key or an address
  std::string request;  ///< JSON text, handed to the worker as it is
  std::vector<JobInput> inputs = {};
  std::optional<IdempotencyKey> idempotency = {};
  bool cancel_when_abandoned = false;  ///< cancel when the last subscription ends before the job does
};

struct Submitted {
  std::string id;
  bool repeated = false;  ///< the job is that of an earlier request with the same key
};

struct JobStatus {
  JobRecord record;
  std::optional<std::size_t> position;  ///< of a queued job: how many run before it
  std::optional<double> seconds_left;   ///< until it ends, where recent jobs or the worker tell
};

/// Keeps accepted jobs on disk, gives them to a worker in turns between clients, and tells who listens. Nothing is
/// acknowledged before it is durable; what nobody was told of may be lost in a power cut, not with the process. All
/// callbacks run on one thread of the queue, must be short and must not throw; no call waits for a job. `storage` and
/// `worker` outlive the queue.
class JobQueue {
 public:
  /// Takes up the jobs that an earlier process left: see JobStore::recover.
  JobQueue(DataStore& storage, Worker& worker, const QueueOptions& options = {});
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;
  /// shutdown(0).
  ~JobQueue();

  /// Accepts a request, or answers: 429 `queue_full` (retry_after_seconds says when to come again), 422
  /// `idempotency_key_reused`, 503 `shutting_down`, 507 `storage_full`.
  void submit(Submission submission, std::function<void(Result<Submitted>)> done);

  /// Cancels a queued or running job; `done` gets the state it ended in, which may be another where it was quicker.
  /// Errors: 404 `job_not_found`.
  void cancel(const std::string& id, std::function<void(Result<JobState>)> done);

  /// Absent for an unknown id and for a job that has expired.
  std::optional<JobStatus> find(const std::string& id) const;

  /// Calls back with the events after `sequence` (`Last-Event-ID`, else 0), then with new ones as they happen, to the
  /// final one: `succeeded`, `failed` or `cancelled`. Errors: 404 `job_not_found`.
  Result<Subscription> subscribe(const std::string& id, std::int64_t sequence, EventCallback callback);

  /// When a place may be free: 1 to 60.
  int retry_after_seconds() const;

  std::size_t queued_count() const;
  std::size_t running_count() const;

  /// Deletes what has expired and tries again what a full disk held up; to be called about once a minute.
  void housekeep();

  /// Accepts and starts nothing more, waits up to `drain` for running jobs, then stops them; they and the queued ones
  /// run after the next start.
  void shutdown(std::chrono::milliseconds drain);

 private:
  struct LiveJob;
  struct Admission;
  /// Jobs that wait for the same places of the worker.
  struct Lane {
    FairQueue queue;
    RunTimes run_times;
    int running = 0;  ///< places in use
  };
  using Lock = std::lock_guard<std::mutex>;
  using Clock = std::chrono::steady_clock;

  void recover(Database& database);
  void adopt(const JobRecord& record, Database& database);
  void write(Writer::Change change, Writer::Done done, Durability durability = Durability::disk);

  void admit(Admission& admission, Database& database);
  void admitted(const Admission& admission, const std::optional<Error>& error);
  std::optional<Error> refusal(const std::string& client) const;

  void dispatch();
  bool dispatch_one(std::size_t lane);
  void claim(const std::string& id, std::size_t lane, const JobEvent& event);
  void claimed(const std::string& id, std::size_t lane, int attempt, const JobEvent& event, bool stored);
  void start(const std::string& id, std::size_t lane, int attempt);

  void progressed(const std::string& id, int attempt, JobProgress progress);
  void came_out(const std::string& id, std::size_t lane, int attempt, JobOutcome outcome);
  void store_result(const std::string& id, int attempt, JobResult result);
  void store_failure(const std::string& id, int attempt, const Error& error);
  void store_cancel(const std::string& id, const std::optional<JobEvent>& event,
                    std::function<void(Result<JobState>)> done);
  void store_requeue(const std::string& id, int attempt);
  void ended(const std::string& id, JobState state, JobEvent event, bool stored);
  void abandoned(const std::string& id, const Listener* listener);

  LiveJob* live(const std::string& id) const;
  void publish(LiveJob& job, LiveEvent event);
  std::optional<JobEvent> next_event(const std::string& id, std::string_view type, std::string data);
  void release_slot(std::size_t lane);
  int running() const;
  void no_longer_pending();
  std::size_t waiting(const std::string* client) const;
  std::optional<double> seconds_of_running(int lane) const;
  std::optional<double> seconds_left(const LiveJob& job) const;

  DataStore& storage_;
  Worker& worker_;
  QueueOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_, which is never held while DataStore::write or the worker is called:
  std::map<std::string, std::unique_ptr<LiveJob>> live_;  // jobs that have not ended, by id
  std::vector<Lane> lanes_;                               // of the worker, by number
  int pending_ = 0;                                       // calls and writes that still use this object
  bool draining_ = false;                                 // accept and start nothing
  bool stopping_ = false;                                 // running jobs were told to stop for a shutdown

  SerialThread callbacks_;  // last: what it still has to run uses all of the above
};

}  // namespace palimpsest
