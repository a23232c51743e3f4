#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/storage/database.h"

namespace palimpsest {

/// One thing that happened to a job, as a stream sends it.
struct JobEvent {
  std::int64_t sequence = 0;  ///< grows within a job; the `id:` of a server-sent event
  std::string type;           ///< `queued`, `running`, `progress`, `succeeded`, `failed`, `cancelled`
  std::string data;           ///< JSON text
};

/// The events of jobs, kept so that a stream can go on after `Last-Event-ID`, also after a restart; the newest
/// kKept of each job. A view as JobStore is.
class JobEvents {
 public:
  explicit JobEvents(Database& database) : database_(database) {}

  void append(const std::string& job, const JobEvent& event);

  /// The events with a sequence number above `sequence`, in order.
  std::vector<JobEvent> after(const std::string& job, std::int64_t sequence) const;

  /// The number that the first event after a restart gets: beyond all that were sent before, also those that were not
  /// stored.
  std::int64_t next_sequence_after_restart(const std::string& job) const;

  static constexpr std::int64_t kKept = 64;
  /// More events than a job can have between two restarts.
  static constexpr std::int64_t kStride = 1'000'000;

 private:
  Database& database_;
};

}  // namespace palimpsest
