#include "native/server/job_follower.h"

#include <utility>

namespace palimpsest {

JobFollower::JobFollower(AppState& app, OnEvent on_event, OnProblem on_problem)
    : app_(app), on_event_(std::move(on_event)), on_problem_(std::move(on_problem)) {}

std::optional<Error> JobFollower::follow(const std::string& job, std::int64_t sequence) {
  // The subscription holds this object, and this object the subscription, until stop().
  Result<Subscription> subscription =
      app_.queue.subscribe(job, sequence, [self = shared_from_this()](const LiveEvent& event) {
        self->app_.answers.post([self, event] { self->deliver(event); });
      });
  if (!subscription) return subscription.error();
  const std::lock_guard lock(mutex_);
  if (!is_stopped_) subscription_ = *std::move(subscription);
  return std::nullopt;
}

void JobFollower::stop() {
  std::optional<Subscription> ended;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  ended.swap(subscription_);
}

void JobFollower::deliver(const LiveEvent& event) {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_) return;
  }
  try {
    on_event_(event);
    if (is_last(event.event)) stop();
  } catch (const PalimpsestError& problem) {
    on_problem_(problem.error());
    stop();
  } catch (const std::exception& problem) {
    on_problem_({std::string(codes::kInternal), std::string("the answer failed: ") + problem.what(), "", 500});
    stop();
  }
}

bool is_last(const JobEvent& event) {
  return event.type == "succeeded" || event.type == "failed" || event.type == "cancelled";
}

}  // namespace palimpsest
