#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/storage/page_cursor.h"
#include "native/storage/storage.h"
#include "shared/api/job.h"
#include "shared/base/json.h"

namespace palimpsest {

/// {"code", "message", "param", "http_status"}, as errors are stored and stand in events.
Json to_json(const Error& error);

/// One picture that came with a request, as its encoded file.
struct JobInput {
  std::string media_type;
  std::string bytes;
};

/// What makes a repeated request the same one.
struct IdempotencyKey {
  std::string key;          ///< as the client sent it, 1 to 255 bytes
  std::string body_digest;  ///< content_digest() of the body as sent
};

struct NewJob {
  std::string id;       ///< of random_id()
  std::string client;   ///< whose job it is: the key or address that the queue is fair between
  std::string request;  ///< JSON text, never looked into here
  std::vector<JobInput> inputs = {};
  std::optional<IdempotencyKey> idempotency = {};
};

/// A row of the table. JSON members are text as it was given.
struct JobRecord {
  std::string id;
  JobState state = JobState::queued;
  std::string client;
  std::string request;
  int attempt = 0;  ///< how often it was started
  std::optional<std::string> progress, result;
  std::optional<Error> error;
  UnixMillis created_ms = 0;
  std::optional<UnixMillis> started_ms, finished_ms;
};

/// What a restart finds.
struct RecoveredJobs {
  std::vector<JobRecord> queued;  ///< oldest first
  std::vector<JobRecord> failed;  ///< given up now
};

/// The table of jobs, seen through a connection: its changes belong into DataStore::write, its reads also into
/// DataStore::read. A job ends exactly once, and only the attempt that is running can end it with a result.
class JobStore {
 public:
  JobStore(Database& database, const ContentFiles& files) : database_(database), files_(files) {}

  /// The id of the job that this client started with the key in the last 24 h.
  /// Errors: 422 `idempotency_key_reused` where it came with another body; 400 `invalid_value` for a bad key.
  std::optional<std::string> find_by_key(const std::string& client, const IdempotencyKey& key, UnixMillis now) const;

  /// Adds a queued job with its inputs and key. Errors: as find_by_key; a key in use must be looked up first.
  void submit(const NewJob& job, UnixMillis now);

  std::optional<JobRecord> find(const std::string& id) const;

  /// The job whose result names this picture; `picture` is one of random_id().
  std::optional<JobRecord> find_by_picture(const std::string& picture) const;

  /// The inputs in their order, read from their files and checked. Errors: `file_missing`, `file_damaged`.
  std::vector<JobInput> inputs(const std::string& id) const;

  /// queued → running, counted as one more attempt, whose number is returned; absent where it is not queued.
  std::optional<int> claim(const std::string& id, UnixMillis now);

  /// Each returns false, changing nothing, where that attempt is not the one that is running.
  bool set_progress(const std::string& id, int attempt, const std::string& progress);
  bool finish(const std::string& id, int attempt, const std::string& result, UnixMillis now);
  bool fail(const std::string& id, int attempt, const Error& error, UnixMillis now);
  /// running → queued for an attempt that was interrupted by an orderly shutdown; it is not counted.
  bool requeue(const std::string& id, int attempt);

  /// queued or running → cancelled; false where the job has ended or is unknown.
  bool cancel(const std::string& id, UnixMillis now);

  /// After a crash: running jobs are queued again, those that were started kMaxAttempts times fail with
  /// `engine_crashed`. Returns these and all that are queued.
  RecoveredJobs recover(UnixMillis now);

  /// Newest first; of one client where `client` is given.
  std::vector<JobRecord> list(const std::optional<std::string>& client, const std::optional<PageCursor>& after,
                              int limit) const;

  /// Deletes jobs that ended kRetention ago and keys of that age. Returns how many jobs.
  std::int64_t expire(UnixMillis now);

  static constexpr int kMaxAttempts = 2;
  static constexpr UnixMillis kRetention = 24 * 60 * 60 * 1'000;
  static constexpr std::size_t kMaxKeyBytes = 255;

 private:
  std::vector<JobRecord> unfinished() const;
  void drop_inputs(const std::string& id);

  Database& database_;
  const ContentFiles& files_;
};

}  // namespace palimpsest
