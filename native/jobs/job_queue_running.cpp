// The part of JobQueue that follows a job from its turn to its end.
#include <utility>

#include "native/jobs/job_json.h"
#include "native/jobs/job_queue.h"
#include "native/jobs/live_job.h"

namespace palimpsest {
namespace {

/// Progress is for who looks now: only this often does it cost a commit.
constexpr std::chrono::seconds kProgressStored{1};

}  // namespace

void JobQueue::dispatch() {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    while (dispatch_one(lane)) continue;
  }
}

bool JobQueue::dispatch_one(std::size_t lane) {
  std::string id;
  JobEvent event;
  {
    const Lock lock(mutex_);
    if (draining_ || lanes_[lane].running >= worker_.capacity(static_cast<int>(lane))) return false;
    const std::optional<std::string> next = lanes_[lane].queue.pop();
    if (!next) return false;
    id = *next;
    ++lanes_[lane].running;
    LiveJob& job = *live(id);
    job.state = JobState::running;
    job.started_at = Clock::now();
    event = job.next_event("running", "{\"attempt\":" + std::to_string(job.attempt + 1) + "}");
  }
  claim(id, lane, event);
  return true;
}

// The attempt is stored before it begins: a job that takes the program down with it is counted.
void JobQueue::claim(const std::string& id, std::size_t lane, const JobEvent& event) {
  auto attempt = std::make_shared<int>(0);
  write(
      [this, id, event, attempt](Database& database) {
        *attempt = JobStore(database, storage_.files()).claim(id, unix_now()).value_or(0);
        if (*attempt > 0) JobEvents(database).append(id, event);
      },
      [this, id, lane, event, attempt](const std::optional<Error>& error) {
        claimed(id, lane, *attempt, event, !error);
      },
      Durability::process);
}

void JobQueue::claimed(const std::string& id, std::size_t lane, int attempt, const JobEvent& event, bool stored) {
  {
    const Lock lock(mutex_);
    LiveJob* job = live(id);
    const bool wanted = job != nullptr && !job->ending;
    if (wanted && !stored) {
      // The disk takes nothing now; the job waits on, and housekeep() tries again.
      job->state = JobState::queued;
      lanes_[lane].queue.push(job->client, id);
      --lanes_[lane].running;
      changed_.notify_all();
      return;
    }
    if (wanted && attempt > 0) {
      job->attempt = attempt;
      publish(*job, {event});
      callbacks_.post([this, id, lane, attempt] { start(id, lane, attempt); });
      return;
    }
  }
  release_slot(lane);
}

void JobQueue::start(const std::string& id, std::size_t lane, int attempt) {
  JobRequest request;
  try {
    storage_.read([&](Database& database) {
      const JobStore jobs(database, storage_.files());
      const std::optional<JobRecord> record = jobs.find(id);
      if (record) request = {id, record->request, jobs.inputs(id)};
    });
  } catch (const PalimpsestError& problem) {
    return came_out(id, lane, attempt, problem.error());
  }
  worker_.start(
      std::move(request), [this, id, attempt](JobProgress progress) { progressed(id, attempt, std::move(progress)); },
      [this, id, lane, attempt](JobOutcome outcome) { came_out(id, lane, attempt, std::move(outcome)); });
  bool unwanted = false, stopping = false;
  {
    const Lock lock(mutex_);
    const LiveJob* job = live(id);
    stopping = stopping_;
    unwanted = job == nullptr || job->ending;
  }
  // A cancel that came before the worker knew the job went unheard.
  if (unwanted) worker_.cancel(id);
  if (stopping && !unwanted) worker_.interrupt(id);
}

void JobQueue::progressed(const std::string& id, int attempt, JobProgress progress) {
  std::optional<JobEvent> to_store;
  {
    const Lock lock(mutex_);
    LiveJob* job = live(id);
    if (job == nullptr || job->attempt != attempt || job->ending) return;
    const auto now = Clock::now();
    job->progress = to_json(progress).dump();
    job->seconds_left = progress.seconds_left;
    job->progressed_at = now;
    LiveEvent event{job->next_event("progress", *job->progress)};
    if (progress.preview) event.preview = std::make_shared<const Image>(*std::move(progress.preview));
    if (!job->saving && now - job->saved_at >= kProgressStored) {
      job->saving = true;
      job->saved_at = now;
      to_store = event.event;
    }
    publish(*job, std::move(event));
  }
  if (!to_store) return;
  write(
      [this, id, attempt, event = *to_store](Database& database) {
        JobStore jobs(database, storage_.files());
        if (jobs.set_progress(id, attempt, event.data)) JobEvents(database).append(id, event);
      },
      [this, id](const std::optional<Error>&) {
        // Progress that could not be stored is not missed: the next one is tried again.
        const Lock lock(mutex_);
        if (LiveJob* job = live(id)) job->saving = false;
      },
      Durability::process);
}

void JobQueue::came_out(const std::string& id, std::size_t lane, int attempt, JobOutcome outcome) {
  const bool cancelled = !outcome && outcome.error().code == codes::kCancelled;
  bool first_end = false, requeue = false;
  {
    const Lock lock(mutex_);
    ++pending_;
    LiveJob* job = live(id);
    first_end = job != nullptr && job->attempt == attempt && !job->ending;
    if (first_end) {
      job->ending = true;
      requeue = cancelled && stopping_;
      if (outcome) lanes_[lane].run_times.add(std::chrono::duration<double>(Clock::now() - job->started_at).count());
    }
  }
  if (first_end && requeue) {
    store_requeue(id, attempt);
  } else if (first_end && outcome) {
    store_result(id, attempt, *std::move(outcome));
  } else if (first_end && cancelled) {
    store_cancel(id, next_event(id, "cancelled", "{}"), [](const Result<JobState>&) {});
  } else if (first_end) {
    store_failure(id, attempt, outcome.error());
  }
  release_slot(lane);
  no_longer_pending();
}

void JobQueue::store_result(const std::string& id, int attempt, JobResult result) {
  struct Storing {
    JobResult result;
    JobEvent event;
    bool stored = false;
  };
  auto storing = std::make_shared<Storing>();
  storing->result = std::move(result);
  storing->event = next_event(id, "succeeded", {}).value_or(JobEvent{});
  write(
      [this, id, attempt, storing](Database& database) {
        JobStore jobs(database, storage_.files());
        const std::optional<JobRecord> record = jobs.find(id);
        // Cancelled, or run again meanwhile: then the pictures are not stored either.
        if (!record || record->state != JobState::running || record->attempt != attempt) return;
        ImageStore images(database, storage_.files(), options_.images);
        std::vector<StoredImage> stored;
        for (const ResultPicture& picture : storing->result.pictures) {
          stored.push_back(picture.stored ? *picture.stored : images.add(picture.image, unix_now()));
        }
        storing->event.data = to_json(storing->result, stored).dump();
        storing->stored = jobs.finish(id, attempt, storing->event.data, unix_now());
        JobEvents(database).append(id, storing->event);
      },
      [this, id, attempt, storing](const std::optional<Error>& error) {
        if (error) return store_failure(id, attempt, *error);
        if (storing->stored) ended(id, JobState::succeeded, storing->event, true);
      });
}

void JobQueue::store_failure(const std::string& id, int attempt, const Error& error) {
  Json data;
  data.set("error", to_json(error));
  const JobEvent event = next_event(id, "failed", data.dump()).value_or(JobEvent{});
  auto stored = std::make_shared<bool>(false);
  write(
      [this, id, attempt, error, event, stored](Database& database) {
        *stored = JobStore(database, storage_.files()).fail(id, attempt, error, unix_now());
        if (*stored) JobEvents(database).append(id, event);
      },
      [this, id, event, stored](const std::optional<Error>& problem) {
        if (*stored || problem) ended(id, JobState::failed, event, !problem);
      });
}

void JobQueue::store_requeue(const std::string& id, int attempt) {
  // Where this fails, the next start finds the job running and queues it then, as after a crash.
  write([this, id, attempt](Database& database) { JobStore(database, storage_.files()).requeue(id, attempt); },
        [](const std::optional<Error>&) {});
}

// What could not be stored stays in memory, so that who asks hears the end until the program is started again.
void JobQueue::ended(const std::string& id, JobState state, JobEvent event, bool stored) {
  const Lock lock(mutex_);
  LiveJob* job = live(id);
  if (job == nullptr) return;
  job->state = state;
  publish(*job, {std::move(event)});
  if (stored) live_.erase(id);
}

std::optional<JobEvent> JobQueue::next_event(const std::string& id, std::string_view type, std::string data) {
  const Lock lock(mutex_);
  LiveJob* job = live(id);
  if (job == nullptr) return std::nullopt;
  return job->next_event(type, std::move(data));
}

void JobQueue::release_slot(std::size_t lane) {
  {
    const Lock lock(mutex_);
    --lanes_[lane].running;
    changed_.notify_all();
  }
  dispatch();
}

}  // namespace palimpsest
