#include "native/storage/schema.h"

namespace palimpsest {
namespace {

// Files are counted by triggers: the last row that names a digest takes the file's row with it, whose digest then waits
// in removed_files until the writer has deleted the file itself. So a file is deleted only after the commit that gave
// it up, and a crash in between loses nothing.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE files(
  digest TEXT PRIMARY KEY,
  size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE removed_files(
  digest TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE totals(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  file_bytes INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES(1, 0);

CREATE TRIGGER file_added AFTER INSERT ON files BEGIN
  UPDATE totals SET file_bytes = file_bytes + NEW.size_bytes;
END;
CREATE TRIGGER file_given_up AFTER DELETE ON files BEGIN
  UPDATE totals SET file_bytes = file_bytes - OLD.size_bytes;
  INSERT OR IGNORE INTO removed_files VALUES(OLD.digest);
END;

CREATE TABLE images(
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL REFERENCES files(digest),
  media_type TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX images_by_digest ON images(digest);
CREATE INDEX images_by_expiry ON images(expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX images_by_age ON images(created_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE gallery(
  image TEXT PRIMARY KEY REFERENCES images(id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  request TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  favourite INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gallery_by_age ON gallery(created_ms, image);
CREATE INDEX gallery_favourites ON gallery(created_ms, image) WHERE favourite = 1;

CREATE TABLE jobs(
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK(state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  client TEXT NOT NULL,
  request TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  progress TEXT,
  result TEXT,
  error TEXT,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_by_age ON jobs(created_ms, id);
CREATE INDEX jobs_by_client ON jobs(client, created_ms, id);
CREATE INDEX jobs_unfinished ON jobs(created_ms) WHERE finished_ms IS NULL;
CREATE INDEX jobs_finished ON jobs(finished_ms) WHERE finished_ms IS NOT NULL;

CREATE TABLE job_inputs(
  job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  digest TEXT NOT NULL REFERENCES files(digest),
  media_type TEXT NOT NULL,
  PRIMARY KEY(job, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_inputs_by_digest ON job_inputs(digest);

CREATE TABLE job_events(
  job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY(job, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys(
  client TEXT NOT NULL,
  key TEXT NOT NULL,
  body_digest TEXT NOT NULL,
  job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY(client, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys(created_ms);
CREATE INDEX idempotency_keys_by_job ON idempotency_keys(job);

CREATE TRIGGER image_removed AFTER DELETE ON images BEGIN
  DELETE FROM files WHERE digest = OLD.digest
    AND NOT EXISTS(SELECT 1 FROM images WHERE digest = OLD.digest)
    AND NOT EXISTS(SELECT 1 FROM job_inputs WHERE digest = OLD.digest);
END;
CREATE TRIGGER job_input_removed AFTER DELETE ON job_inputs BEGIN
  DELETE FROM files WHERE digest = OLD.digest
    AND NOT EXISTS(SELECT 1 FROM images WHERE digest = OLD.digest)
    AND NOT EXISTS(SELECT 1 FROM job_inputs WHERE digest = OLD.digest);
END;
)sql";

// Calls outlive their jobs: what was spent in a day and how a provider did is counted from them.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE provider_calls(
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  provider TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  first_picture INTEGER NOT NULL,
  pictures INTEGER NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('sending', 'accepted', 'succeeded', 'failed', 'unknown', 'cancelled')),
  handle TEXT NOT NULL,
  results TEXT NOT NULL,
  cost_micros INTEGER NOT NULL,
  error TEXT,
  created_ms INTEGER NOT NULL,
  finished_ms INTEGER
) STRICT;
CREATE INDEX provider_calls_by_job ON provider_calls(job);
CREATE INDEX provider_calls_by_provider ON provider_calls(provider, created_ms);
CREATE INDEX provider_calls_by_age ON provider_calls(created_ms);

CREATE TABLE provider_health(
  provider TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  closed_until_ms INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  last_error_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2};

}  // namespace

std::span<const char* const> schema_migrations() {
  return kMigrations;
}

}  // namespace palimpsest
