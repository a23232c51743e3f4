#include "native/storage/job_store.h"

#include <algorithm>
#include <utility>

#include "native/storage/digest.h"
#include "shared/base/json.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

JobState state_of(const std::string& name) {
  for (const JobState state :
       {JobState::queued, JobState::running, JobState::succeeded, JobState::failed, JobState::cancelled}) {
    if (name_of(state) == name) return state;
  }
  fail(codes::kStorageDamaged, "a stored job has the unknown state " + printable(name), 500);
}

std::string member(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  const std::string* text = value != nullptr ? value->as_string() : nullptr;
  return text != nullptr ? *text : std::string();
}

Error error_from(const std::string& text) {
  const Json json = parse_json(text).value_or_throw();
  std::int64_t status = 500;
  if (const Json* value = json.find("http_status")) value->to_int64(status);
  return {member(json, "code"), member(json, "message"), member(json, "param"), static_cast<int>(status)};
}

#define PALIMPSEST_JOB_COLUMNS \
  "id, state, client, request, attempt, progress, result, error, created_ms, started_ms, finished_ms"

JobRecord record_in(const Rows& rows) {
  JobRecord job;
  job.id = rows.text(0);
  job.state = state_of(rows.text(1));
  job.client = rows.text(2);
  job.request = rows.text(3);
  job.attempt = static_cast<int>(rows.integer(4));
  job.progress = rows.maybe_text(5);
  job.result = rows.maybe_text(6);
  if (const auto error = rows.maybe_text(7)) job.error = error_from(*error);
  job.created_ms = rows.integer(8);
  job.started_ms = rows.maybe_integer(9);
  job.finished_ms = rows.maybe_integer(10);
  return job;
}

void check_key(const std::string& key) {
  if (!key.empty() && key.size() <= JobStore::kMaxKeyBytes && first_invalid_utf8(key) == key.size() &&
      !has_control_characters(key)) {
    return;
  }
  throw PalimpsestError(
      {std::string(codes::kInvalidValue),
       "Idempotency-Key needs 1 to " + std::to_string(JobStore::kMaxKeyBytes) + " bytes without control characters",
       "Idempotency-Key"});
}

}  // namespace

Json to_json(const Error& error) {
  Json json;
  json.set("code", error.code);
  json.set("message", error.message);
  json.set("param", error.param);
  json.set("http_status", error.http_status);
  return json;
}

std::optional<std::string> JobStore::find_by_key(const std::string& client, const IdempotencyKey& key,
                                                 UnixMillis now) const {
  check_key(key.key);
  Rows rows =
      database_.query("SELECT job, body_digest FROM idempotency_keys WHERE client = ? AND key = ? AND created_ms > ?",
                      client, key.key, now - kRetention);
  if (!rows.next()) return std::nullopt;
  if (rows.text(1) == key.body_digest) return rows.text(0);
  throw PalimpsestError({"idempotency_key_reused",
                         "Idempotency-Key " + printable(key.key) + " was used for another request in the last 24 hours",
                         "Idempotency-Key", 422});
}

void JobStore::submit(const NewJob& job, UnixMillis now) {
  database_.run("INSERT INTO jobs(id, state, client, request, attempt, created_ms) VALUES(?, 'queued', ?, ?, 0, ?)",
                job.id, job.client, job.request, now);
  int position = 0;
  for (const JobInput& input : job.inputs) {
    const std::string digest = content_digest(input.bytes);
    files_.put(digest, input.bytes);
    database_.run("INSERT OR IGNORE INTO files(digest, size_bytes) VALUES(?, ?)", digest,
                  static_cast<std::int64_t>(input.bytes.size()));
    database_.run("INSERT INTO job_inputs(job, position, digest, media_type) VALUES(?, ?, ?, ?)", job.id, position++,
                  digest, input.media_type);
  }
  if (!job.idempotency) return;
  check_key(job.idempotency->key);
  // A key past its day may still have its row.
  database_.run(
      "INSERT OR REPLACE INTO idempotency_keys(client, key, body_digest, job, created_ms) VALUES(?, ?, ?, ?, ?)",
      job.client, job.idempotency->key, job.idempotency->body_digest, job.id, now);
}

std::optional<JobRecord> JobStore::find(const std::string& id) const {
  Rows rows = database_.query("SELECT " PALIMPSEST_JOB_COLUMNS " FROM jobs WHERE id = ?", id);
  if (!rows.next()) return std::nullopt;
  return record_in(rows);
}

// Jobs are kept for a day, so that looking through all of them is quick.
std::optional<JobRecord> JobStore::find_by_picture(const std::string& picture) const {
  Rows rows = database_.query("SELECT " PALIMPSEST_JOB_COLUMNS " FROM jobs WHERE instr(result, ?) > 0", picture);
  if (!rows.next()) return std::nullopt;
  return record_in(rows);
}

std::vector<JobInput> JobStore::inputs(const std::string& id) const {
  std::vector<JobInput> inputs;
  Rows rows = database_.query("SELECT media_type, digest FROM job_inputs WHERE job = ? ORDER BY position", id);
  while (rows.next()) inputs.push_back({rows.text(0), files_.read(rows.text(1))});
  return inputs;
}

std::optional<int> JobStore::claim(const std::string& id, UnixMillis now) {
  Rows rows = database_.query(
      "UPDATE jobs SET state = 'running', attempt = attempt + 1, started_ms = ?, progress = NULL "
      "WHERE id = ? AND state = 'queued' RETURNING attempt",
      now, id);
  if (!rows.next()) return std::nullopt;
  return static_cast<int>(rows.integer(0));
}

bool JobStore::set_progress(const std::string& id, int attempt, const std::string& progress) {
  return database_.run("UPDATE jobs SET progress = ? WHERE id = ? AND state = 'running' AND attempt = ?", progress, id,
                       attempt) == 1;
}

bool JobStore::finish(const std::string& id, int attempt, const std::string& result, UnixMillis now) {
  const bool ended = database_.run(
                         "UPDATE jobs SET state = 'succeeded', result = ?, finished_ms = ? "
                         "WHERE id = ? AND state = 'running' AND attempt = ?",
                         result, now, id, attempt) == 1;
  if (ended) drop_inputs(id);
  return ended;
}

bool JobStore::fail(const std::string& id, int attempt, const Error& error, UnixMillis now) {
  const bool ended = database_.run(
                         "UPDATE jobs SET state = 'failed', error = ?, finished_ms = ? "
                         "WHERE id = ? AND state = 'running' AND attempt = ?",
                         to_json(error).dump(), now, id, attempt) == 1;
  if (ended) drop_inputs(id);
  return ended;
}

bool JobStore::requeue(const std::string& id, int attempt) {
  return database_.run(
             "UPDATE jobs SET state = 'queued', attempt = attempt - 1, started_ms = NULL, progress = NULL "
             "WHERE id = ? AND state = 'running' AND attempt = ?",
             id, attempt) == 1;
}

bool JobStore::cancel(const std::string& id, UnixMillis now) {
  const bool ended = database_.run(
                         "UPDATE jobs SET state = 'cancelled', finished_ms = ? "
                         "WHERE id = ? AND state IN ('queued', 'running')",
                         now, id) == 1;
  if (ended) drop_inputs(id);
  return ended;
}

RecoveredJobs JobStore::recover(UnixMillis now) {
  RecoveredJobs recovered;
  for (JobRecord& job : unfinished()) {
    if (job.state == JobState::running && job.attempt >= kMaxAttempts) {
      job.error = {
          "engine_crashed",
          "the program ended " + std::to_string(job.attempt) + " times while this job ran; it is not tried again",
          {},
          500};
      fail(job.id, job.attempt, *job.error, now);
      recovered.failed.push_back(std::move(job));
    } else {
      database_.run("UPDATE jobs SET state = 'queued', started_ms = NULL, progress = NULL WHERE id = ?", job.id);
      job.state = JobState::queued;
      recovered.queued.push_back(std::move(job));
    }
  }
  return recovered;
}

std::vector<JobRecord> JobStore::unfinished() const {
  std::vector<JobRecord> jobs;
  Rows rows =
      database_.query("SELECT " PALIMPSEST_JOB_COLUMNS " FROM jobs WHERE finished_ms IS NULL ORDER BY created_ms, id");
  while (rows.next()) jobs.push_back(record_in(rows));
  return jobs;
}

std::vector<JobRecord> JobStore::list(const std::optional<std::string>& client, const std::optional<PageCursor>& after,
                                      int limit) const {
  const PageCursor from = after.value_or(PageCursor{INT64_MAX, ""});
  const int count = std::clamp(limit, 1, kMaxPage);
  std::vector<JobRecord> jobs;
  Rows rows = client ? database_.query("SELECT " PALIMPSEST_JOB_COLUMNS
                                       " FROM jobs WHERE client = ? AND (created_ms, id) < (?, ?) "
                                       "ORDER BY created_ms DESC, id DESC LIMIT ?",
                                       *client, from.created_ms, from.id, count)
                     : database_.query("SELECT " PALIMPSEST_JOB_COLUMNS
                                       " FROM jobs WHERE (created_ms, id) < (?, ?) "
                                       "ORDER BY created_ms DESC, id DESC LIMIT ?",
                                       from.created_ms, from.id, count);
  while (rows.next()) jobs.push_back(record_in(rows));
  return jobs;
}

std::int64_t JobStore::expire(UnixMillis now) {
  database_.run("DELETE FROM idempotency_keys WHERE created_ms <= ?", now - kRetention);
  return database_.run("DELETE FROM jobs WHERE finished_ms IS NOT NULL AND finished_ms <= ?", now - kRetention);
}

void JobStore::drop_inputs(const std::string& id) {
  database_.run("DELETE FROM job_inputs WHERE job = ?", id);
}

}  // namespace palimpsest
