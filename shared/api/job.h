#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/json.h"
#include "shared/base/result.h"
#include "shared/catalog/parameter.h"

namespace palimpsest {

/// `queued` and `running` lead to exactly one of the others, which are final.
enum class JobState { queued, running, succeeded, failed, cancelled };
/// As on the wire.
std::string_view name_of(JobState state);
bool is_final(JobState state);

/// One job as the server tells it and the page shows it. Times are Unix seconds.
struct Job {
  std::string id;
  JobState state = JobState::queued;
  Mode mode = Mode::generate;
  std::string model;
  std::string provider;  ///< who answers; empty until the router has chosen
  std::int64_t created_at = 0;
  std::optional<std::int64_t> started_at, finished_at;
  std::optional<std::int64_t> queue_position;  ///< jobs before it; only while queued
  std::int64_t step = 0, steps = 0;            ///< of all pictures together; steps is 0 while not known
  std::optional<std::int64_t> estimate_ms;     ///< time left
  std::optional<Error> error;                  ///< of a failed job
  Json result;                                 ///< the images response of a job that succeeded; null before

  /// From 0 to 1; 1 only once it has succeeded.
  double progress() const;
};

/// The job object: `{"id", "object": "job", "status", …}`.
Json to_json(const Job& job);

/// The job of a job object. Errors: `catalog_invalid` names what is missing or of a wrong type.
Result<Job> parse_job(const Json& json);

}  // namespace palimpsest
