#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/jobs/job_queue.h"

namespace palimpsest {

/// What the queue knows in memory of a job that has not ended; guarded by the queue's mutex.
struct JobQueue::LiveJob {
  std::string id, client;
  JobState state = JobState::queued;
  int attempt = 0;
  int lane = 0;  ///< of the worker
  bool cancel_when_abandoned = false;
  bool ending = false;  ///< its end is being stored: no progress and no other end is taken any more
  std::int64_t next_sequence = 1;
  std::deque<LiveEvent> events = {};  ///< the newest JobEvents::kKept, for listeners that come later
  std::vector<std::shared_ptr<Listener>> listeners = {};

  std::optional<std::string> progress = {};  ///< JSON text
  std::optional<double> seconds_left = {};   ///< as the worker said at progressed_at
  Clock::time_point started_at = {}, progressed_at = {}, saved_at = {};
  bool saving = false;  ///< progress is being stored

  JobEvent next_event(std::string_view type, std::string data) {
    return {next_sequence++, std::string(type), std::move(data)};
  }

  /// Remembers an event; only the newest keeps its preview.
  void remember(const LiveEvent& event) {
    for (LiveEvent& earlier : events) earlier.preview.reset();
    events.push_back(event);
    if (events.size() > static_cast<std::size_t>(JobEvents::kKept)) events.pop_front();
  }
};

}  // namespace palimpsest
