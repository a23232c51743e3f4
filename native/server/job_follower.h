#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "native/server/app_state.h"

namespace palimpsest {

/// Follows one job to its end for one client: events come one after the other on AppState::answers, where files may be
/// read and pictures encoded. What `on_event` throws is given to `on_problem`, and ends it.
class JobFollower : public std::enable_shared_from_this<JobFollower> {
 public:
  using OnEvent = std::function<void(const LiveEvent&)>;
  using OnProblem = std::function<void(const Error&)>;

  JobFollower(AppState& app, OnEvent on_event, OnProblem on_problem);

  /// Begins with the events after `sequence`. Errors: 404 `job_not_found`.
  std::optional<Error> follow(const std::string& job, std::int64_t sequence);

  /// Ends it, for instance because the client left: a job that only ran for this client is then cancelled.
  void stop();

 private:
  void deliver(const LiveEvent& event);

  AppState& app_;
  const OnEvent on_event_;
  const OnProblem on_problem_;
  std::mutex mutex_;
  std::optional<Subscription> subscription_;  // guarded by mutex_
  bool is_stopped_ = false;                   // guarded by mutex_
};

/// Whether an event is a job's last.
bool is_last(const JobEvent& event);

}  // namespace palimpsest
