#include "shared/api/job.h"

#include <algorithm>
#include <array>

#include "shared/api/wire_error.h"
#include "shared/catalog/object_reader.h"

namespace palimpsest {
namespace {

constexpr std::array kStates = {JobState::queued, JobState::running, JobState::succeeded, JobState::failed,
                                JobState::cancelled};
constexpr std::array kModes = {Mode::generate, Mode::edit};

void set_if(Json& json, const char* key, const std::optional<std::int64_t>& value) {
  if (value) json.set(key, *value);
}

}  // namespace

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::succeeded:
      return "succeeded";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      return "cancelled";
  }
  return "";
}

bool is_final(JobState state) {
  return state != JobState::queued && state != JobState::running;
}

double Job::progress() const {
  if (state == JobState::succeeded) return 1;
  if (steps <= 0) return 0;
  return std::clamp(static_cast<double>(step) / static_cast<double>(steps), 0.0, 0.99);
}

Json to_json(const Job& job) {
  Json json;
  json.set("id", job.id);
  json.set("object", "job");
  json.set("status", std::string(name_of(job.state)));
  json.set("mode", std::string(name_of(job.mode)));
  json.set("model", job.model);
  if (!job.provider.empty()) json.set("provider", job.provider);
  json.set("created_at", job.created_at);
  set_if(json, "started_at", job.started_at);
  set_if(json, "finished_at", job.finished_at);
  set_if(json, "queue_position", job.queue_position);
  json.set("step", job.step);
  json.set("steps", job.steps);
  json.set("progress", job.progress());
  set_if(json, "estimate_ms", job.estimate_ms);
  if (job.error) json.set("error", *error_body({{*job.error, ""}}).find("error"));
  if (!job.result.is_null()) json.set("result", job.result);
  return json;
}

Result<Job> parse_job(const Json& json) {
  ObjectReader reader(json, "");
  Job job;
  reader.read("id", job.id, true);
  reader.read_name("status", job.state, kStates);
  reader.read_name("mode", job.mode, kModes);
  reader.read("model", job.model);
  reader.read("provider", job.provider);
  reader.read("created_at", job.created_at);
  reader.read("started_at", job.started_at);
  reader.read("finished_at", job.finished_at);
  reader.read("queue_position", job.queue_position);
  reader.read("step", job.step);
  reader.read("steps", job.steps);
  reader.read("estimate_ms", job.estimate_ms);
  if (const Json* error = reader.member("error")) {
    job.error = parse_error_body(Json(Json::Object{{"error", *error}}), 500);
  }
  if (const Json* result = reader.member("result")) job.result = *result;
  return reader.finish(std::move(job));
}

}  // namespace palimpsest
