#include "native/jobs/job_queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "native/jobs/live_job.h"
#include "native/storage/random_id.h"
#include "shared/base/json.h"

namespace palimpsest {
namespace {

Error full_error(const std::string& whose, std::size_t count, std::size_t limit) {
  return {"queue_full",
          whose + " holds " + std::to_string(count) + " waiting jobs; the limit is " + std::to_string(limit) +
              ", so try again later",
          {},
          429};
}

Error not_found_error() {
  return {"job_not_found", "there is no such job, or its time is over", {}, 404};
}

std::string failed_data(const Error& error) {
  Json data;
  data.set("error", to_json(error));
  return data.dump();
}

}  // namespace

/// A submission on its way through the writer.
struct JobQueue::Admission {
  NewJob job;
  bool cancel_when_abandoned = false;
  int lane = 0;
  std::function<void(Result<Submitted>)> done;
  bool repeated = false;  // then job.id is that of the earlier one
};

JobQueue::JobQueue(DataStore& storage, Worker& worker, const QueueOptions& options)
    : storage_(storage), worker_(worker), options_(options), lanes_(static_cast<std::size_t>(worker.lanes())) {
  storage_.write_and_wait([this](Database& database) { recover(database); });
  dispatch();
}

JobQueue::~JobQueue() {
  shutdown(std::chrono::milliseconds(0));
}

void JobQueue::recover(Database& database) {
  const RecoveredJobs recovered = JobStore(database, storage_.files()).recover(unix_now());
  for (const JobRecord& record : recovered.queued) adopt(record, database);
  JobEvents events(database);
  for (const JobRecord& record : recovered.failed) {
    events.append(record.id,
                  {events.next_sequence_after_restart(record.id), "failed", failed_data(record.error.value())});
  }
}

void JobQueue::adopt(const JobRecord& record, Database& database) {
  JobEvents events(database);
  auto job = std::make_unique<LiveJob>(LiveJob{.id = record.id, .client = record.client, .attempt = record.attempt});
  job->lane = worker_.lane_of(record.request);
  job->next_sequence = events.next_sequence_after_restart(record.id);
  for (JobEvent& event : events.after(record.id, 0)) job->remember({std::move(event)});
  if (record.attempt > 0) {
    const JobEvent event = job->next_event("queued", "{}");
    events.append(record.id, event);
    job->remember({event});
  }
  lanes_.at(static_cast<std::size_t>(job->lane)).queue.push(record.client, record.id);
  live_[record.id] = std::move(job);
}

void JobQueue::write(Writer::Change change, Writer::Done done, Durability durability) {
  {
    const Lock lock(mutex_);
    ++pending_;
  }
  storage_.write(
      std::move(change),
      [this, done = std::move(done)](const std::optional<Error>& error) {
        done(error);
        no_longer_pending();
      },
      durability);
}

void JobQueue::no_longer_pending() {
  const Lock lock(mutex_);
  --pending_;
  // Under the lock: who waits for this may destroy the queue as soon as the lock is free.
  changed_.notify_all();
}

void JobQueue::submit(Submission submission, std::function<void(Result<Submitted>)> done) {
  if (!submission.idempotency) {
    // Refused before anything waits for the writer; a repeated request is answered even while the queue is full.
    const Lock lock(mutex_);
    if (std::optional<Error> error = refusal(submission.client)) {
      callbacks_.post([done = std::move(done), error] { done(*error); });
      return;
    }
  }
  auto admission = std::make_shared<Admission>();
  admission->lane = worker_.lane_of(submission.request);
  admission->job = {random_id(), std::move(submission.client), std::move(submission.request),
                    std::move(submission.inputs), std::move(submission.idempotency)};
  admission->cancel_when_abandoned = submission.cancel_when_abandoned;
  admission->done = std::move(done);
  // Whoever waits for the answer is told of nothing before it.
  const Durability durability = admission->cancel_when_abandoned ? Durability::process : Durability::disk;
  write([this, admission](Database& database) { admit(*admission, database); },
        [this, admission](const std::optional<Error>& error) { admitted(*admission, error); }, durability);
}

// On the writer's thread, one submission after the other: so that the limits and the key are checked against all
// that were accepted before.
void JobQueue::admit(Admission& admission, Database& database) {
  NewJob& job = admission.job;
  JobStore jobs(database, storage_.files());
  if (job.idempotency) {
    if (const auto earlier = jobs.find_by_key(job.client, *job.idempotency, unix_now())) {
      job.id = *earlier;
      admission.repeated = true;
      return;
    }
  }
  JobEvent event;
  {
    const Lock lock(mutex_);
    if (std::optional<Error> error = refusal(job.client)) throw PalimpsestError(*std::move(error));
    auto entry = std::make_unique<LiveJob>(LiveJob{.id = job.id, .client = job.client});
    entry->cancel_when_abandoned = admission.cancel_when_abandoned;
    entry->lane = admission.lane;
    event = entry->next_event("queued", "{}");
    entry->remember({event});
    live_[job.id] = std::move(entry);
  }
  jobs.submit(job, unix_now());
  JobEvents(database).append(job.id, event);
}

void JobQueue::admitted(const Admission& admission, const std::optional<Error>& error) {
  const NewJob& job = admission.job;
  {
    const Lock lock(mutex_);
    if (error) live_.erase(job.id);
    if (!error && !admission.repeated)
      lanes_.at(static_cast<std::size_t>(admission.lane)).queue.push(job.client, job.id);
    Result<Submitted> answer = error ? Result<Submitted>(*error) : Submitted{job.id, admission.repeated};
    callbacks_.post([done = admission.done, answer = std::move(answer)] { done(answer); });
  }
  dispatch();
}

std::optional<Error> JobQueue::refusal(const std::string& client) const {
  if (draining_) return Error{"shutting_down", "the server is shutting down and takes no more jobs", {}, 503};
  const std::size_t all = waiting(nullptr);
  if (all >= options_.capacity) return full_error("the queue", all, options_.capacity);
  const std::size_t own = waiting(&client);
  if (own >= options_.per_client) return full_error("this client's part of the queue", own, options_.per_client);
  return std::nullopt;
}

std::size_t JobQueue::waiting(const std::string* client) const {
  return static_cast<std::size_t>(std::count_if(live_.begin(), live_.end(), [client](const auto& entry) {
    const LiveJob& job = *entry.second;
    return job.state == JobState::queued && !job.ending && (client == nullptr || job.client == *client);
  }));
}

void JobQueue::cancel(const std::string& id, std::function<void(Result<JobState>)> done) {
  std::optional<JobEvent> event;
  {
    const Lock lock(mutex_);
    if (LiveJob* job = live(id)) {
      lanes_.at(static_cast<std::size_t>(job->lane)).queue.remove(id);
      job->ending = true;
      event = job->next_event("cancelled", "{}");
    }
  }
  worker_.cancel(id);
  store_cancel(id, event, [this, done = std::move(done)](const Result<JobState>& state) {
    callbacks_.post([done, state] { done(state); });
  });
}

void JobQueue::store_cancel(const std::string& id, const std::optional<JobEvent>& event,
                            std::function<void(Result<JobState>)> done) {
  struct Answer {
    bool cancelled = false;
    std::optional<JobState> state;
  };
  auto answer = std::make_shared<Answer>();
  write(
      [this, id, event, answer](Database& database) {
        JobStore jobs(database, storage_.files());
        answer->cancelled = event && jobs.cancel(id, unix_now());
        if (answer->cancelled) JobEvents(database).append(id, *event);
        if (const auto record = jobs.find(id)) answer->state = record->state;
      },
      [this, id, event, answer, done = std::move(done)](const std::optional<Error>& error) {
        if (event && (answer->cancelled || error)) ended(id, JobState::cancelled, *event, !error);
        if (error) return done(*error);
        if (!answer->state) return done(not_found_error());
        done(*answer->state);
      });
}

std::optional<JobStatus> JobQueue::find(const std::string& id) const {
  std::optional<JobRecord> record =
      storage_.read([&](Database& database) { return JobStore(database, storage_.files()).find(id); });
  if (!record) return std::nullopt;
  JobStatus status{*std::move(record), {}, {}};
  const Lock lock(mutex_);
  const LiveJob* job = live(id);
  if (job == nullptr || is_final(status.record.state)) return status;
  status.record.state = job->state;
  status.record.progress = job->progress;
  status.position = lanes_.at(static_cast<std::size_t>(job->lane)).queue.position(id);
  status.seconds_left = seconds_left(*job);
  return status;
}

Result<Subscription> JobQueue::subscribe(const std::string& id, std::int64_t sequence, EventCallback callback) {
  auto listener = std::make_shared<Listener>(std::move(callback));
  {
    const Lock lock(mutex_);
    if (LiveJob* job = live(id)) {
      for (const LiveEvent& event : job->events) {
        if (event.event.sequence > sequence) callbacks_.post([listener, event] { listener->deliver(event); });
      }
      job->listeners.push_back(listener);
      return Subscription(listener, [this, id, key = listener.get()] { abandoned(id, key); });
    }
  }
  // A job leaves memory only after its end is stored, so that the stored events are all there.
  const auto events = storage_.read([&](Database& database) -> std::optional<std::vector<JobEvent>> {
    if (!JobStore(database, storage_.files()).find(id)) return std::nullopt;
    return JobEvents(database).after(id, sequence);
  });
  if (!events) return not_found_error();
  for (const JobEvent& event : *events) callbacks_.post([listener, event] { listener->deliver({event}); });
  return Subscription(listener, nullptr);
}

void JobQueue::abandoned(const std::string& id, const Listener* listener) {
  {
    const Lock lock(mutex_);
    LiveJob* job = live(id);
    if (job == nullptr) return;
    std::erase_if(job->listeners, [listener](const auto& entry) { return entry.get() == listener; });
    if (!job->cancel_when_abandoned || !job->listeners.empty() || job->ending) return;
  }
  cancel(id, [](const Result<JobState>&) {});
}

void JobQueue::housekeep() {
  write(
      [this](Database& database) {
        JobStore(database, storage_.files()).expire(unix_now());
        ImageStore(database, storage_.files(), options_.images).expire(unix_now());
      },
      [this](const std::optional<Error>& error) {
        if (!error) dispatch();
      });
}

void JobQueue::shutdown(std::chrono::milliseconds drain) {
  std::vector<std::string> to_stop;
  std::unique_lock lock(mutex_);
  draining_ = true;
  changed_.wait_for(lock, drain, [this] { return running() == 0; });
  stopping_ = true;
  for (const auto& [id, job] : live_) {
    if (job->state == JobState::running) to_stop.push_back(id);
  }
  lock.unlock();
  for (const std::string& id : to_stop) worker_.interrupt(id);
  lock.lock();
  changed_.wait(lock, [this] { return running() == 0 && pending_ == 0; });
}

int JobQueue::retry_after_seconds() const {
  constexpr double kUnknown = 5, kLongest = 60;  // clients ignore more than a minute
  const Lock lock(mutex_);
  const double seconds = std::clamp(seconds_of_running(0).value_or(kUnknown), 1.0, kLongest);
  return static_cast<int>(std::ceil(seconds));
}

std::size_t JobQueue::queued_count() const {
  const Lock lock(mutex_);
  return waiting(nullptr);
}

std::size_t JobQueue::running_count() const {
  const Lock lock(mutex_);
  return static_cast<std::size_t>(running());
}

int JobQueue::running() const {
  int count = 0;
  for (const Lane& lane : lanes_) count += lane.running;
  return count;
}

JobQueue::LiveJob* JobQueue::live(const std::string& id) const {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second.get();
}

void JobQueue::publish(LiveJob& job, LiveEvent event) {
  job.remember(event);
  for (const auto& listener : job.listeners) {
    callbacks_.post([listener, event] { listener->deliver(event); });
  }
}

std::optional<double> JobQueue::seconds_of_running(int lane) const {
  std::optional<double> shortest;
  for (const auto& [id, job] : live_) {
    if (job->state != JobState::running || job->lane != lane) continue;
    const std::optional<double> left = seconds_left(*job);
    if (left && (!shortest || *left < *shortest)) shortest = left;
  }
  return shortest;
}

std::optional<double> JobQueue::seconds_left(const LiveJob& job) const {
  const Lane& lane = lanes_.at(static_cast<std::size_t>(job.lane));
  const std::optional<double> typical = lane.run_times.typical();
  const auto since = [](Clock::time_point time) { return std::chrono::duration<double>(Clock::now() - time).count(); };
  if (job.state == JobState::running) {
    if (job.seconds_left) return std::max(0.0, *job.seconds_left - since(job.progressed_at));
    if (typical) return std::max(0.0, *typical - since(job.started_at));
    return std::nullopt;
  }
  const std::optional<std::size_t> position = lane.queue.position(job.id);
  if (!typical || !position) return std::nullopt;
  const auto turns = static_cast<double>(*position / static_cast<std::size_t>(worker_.capacity(job.lane)) + 1);
  return seconds_of_running(job.lane).value_or(0) + turns * *typical;
}

}  // namespace palimpsest
