#include "native/storage/job_store.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "native/storage/digest.h"
#include "tests/native/storage/stored_folder.h"
#include "tests/shared/tokenizer/refusal.h"

using namespace palimpsest;
using palimpsest::test::check_refused;
using palimpsest::test::new_job;
using palimpsest::test::StoredFolder;

namespace {

constexpr UnixMillis kHour = 60 * 60 * 1'000;

std::string submitted(StoredFolder& data, const NewJob& job, UnixMillis now = 1'000) {
  data.change_jobs([&](JobStore& jobs) {
    jobs.submit(job, now);
    return true;
  });
  return job.id;
}

int claimed(StoredFolder& data, const std::string& id) {
  return data.change_jobs([&](JobStore& jobs) { return jobs.claim(id, 2'000).value_or(0); });
}

}  // namespace

TEST_CASE("a job goes from queued over running to succeeded, and is the same after reopening") {
  StoredFolder data;
  const std::string id = submitted(data, new_job("someone", R"({"prompt":"a cat"})"));
  CHECK(data.job(id)->state == JobState::queued);
  CHECK(claimed(data, id) == 1);
  CHECK(data.change_jobs([&](JobStore& jobs) { return jobs.set_progress(id, 1, R"({"step":3})"); }));
  CHECK(data.job(id)->progress == R"({"step":3})");
  CHECK(data.change_jobs([&](JobStore& jobs) { return jobs.finish(id, 1, R"({"pictures":[]})", 3'000); }));
  data.reopen();
  const JobRecord job = data.job(id).value();
  CHECK(job.state == JobState::succeeded);
  CHECK(job.client == "someone");
  CHECK(job.request == R"({"prompt":"a cat"})");
  CHECK(job.result == R"({"pictures":[]})");
  CHECK(job.attempt == 1);
  CHECK(job.created_ms == 1'000);
  CHECK(job.started_ms == 2'000);
  CHECK(job.finished_ms == 3'000);
  CHECK_FALSE(data.job("nobody").has_value());
}

TEST_CASE("a failed job keeps its error") {
  StoredFolder data;
  const std::string id = submitted(data, new_job());
  claimed(data, id);
  const Error error{"out_of_memory", "needs \"9\" GB", "size", 507};
  CHECK(data.change_jobs([&](JobStore& jobs) { return jobs.fail(id, 1, error, 3'000); }));
  const JobRecord job = data.job(id).value();
  CHECK(job.state == JobState::failed);
  REQUIRE(job.error.has_value());
  CHECK(job.error->code == error.code);
  CHECK(job.error->message == error.message);
  CHECK(job.error->param == error.param);
  CHECK(job.error->http_status == error.http_status);
}

TEST_CASE("a job that has ended never changes again") {
  StoredFolder data;
  for (const char* end : {"succeeded", "failed", "cancelled"}) {
    CAPTURE(end);
    const std::string id = submitted(data, new_job());
    claimed(data, id);
    data.change_jobs([&](JobStore& jobs) {
      if (std::string(end) == "succeeded") return jobs.finish(id, 1, "{}", 3'000);
      if (std::string(end) == "failed") return jobs.fail(id, 1, {"x", "y"}, 3'000);
      return jobs.cancel(id, 3'000);
    });
    data.change_jobs([&](JobStore& jobs) {
      CHECK_FALSE(jobs.finish(id, 1, "{}", 4'000));
      CHECK_FALSE(jobs.fail(id, 1, {"x", "y"}, 4'000));
      CHECK_FALSE(jobs.cancel(id, 4'000));
      CHECK_FALSE(jobs.requeue(id, 1));
      CHECK_FALSE(jobs.set_progress(id, 1, "{}"));
      CHECK_FALSE(jobs.claim(id, 4'000).has_value());
      return true;
    });
    CHECK(name_of(data.job(id)->state) == end);
    CHECK(data.job(id)->finished_ms == 3'000);
  }
}

TEST_CASE("the result of an earlier attempt is not taken") {
  StoredFolder data;
  const std::string id = submitted(data, new_job());
  claimed(data, id);
  data.change_jobs([](JobStore& jobs) { return jobs.recover(2'500).queued.size(); });
  CHECK(claimed(data, id) == 2);
  CHECK_FALSE(data.change_jobs([&](JobStore& jobs) { return jobs.finish(id, 1, "{}", 3'000); }));
  CHECK(data.change_jobs([&](JobStore& jobs) { return jobs.finish(id, 2, "{}", 3'000); }));
}

TEST_CASE("after a crash a job runs once more, and one that crashed twice fails") {
  StoredFolder data;
  const std::string waiting = submitted(data, new_job(), 1'000);
  const std::string poison = submitted(data, new_job(), 1'001);
  claimed(data, poison);
  data.reopen();
  const RecoveredJobs first = data.change_jobs([](JobStore& jobs) { return jobs.recover(5'000); });
  REQUIRE(first.queued.size() == 2);
  CHECK(first.queued[0].id == waiting);
  CHECK(first.queued[1].id == poison);
  CHECK(first.failed.empty());
  CHECK(claimed(data, poison) == 2);
  data.reopen();
  const RecoveredJobs second = data.change_jobs([](JobStore& jobs) { return jobs.recover(6'000); });
  CHECK(second.queued.size() == 1);
  REQUIRE(second.failed.size() == 1);
  CHECK(second.failed[0].id == poison);
  CHECK(data.job(poison)->state == JobState::failed);
  CHECK(data.job(poison)->error->code == "engine_crashed");
}

TEST_CASE("an orderly shutdown does not count as an attempt") {
  StoredFolder data;
  const std::string id = submitted(data, new_job());
  claimed(data, id);
  CHECK(data.change_jobs([&](JobStore& jobs) { return jobs.requeue(id, 1); }));
  CHECK(data.job(id)->state == JobState::queued);
  CHECK(claimed(data, id) == 1);
}

TEST_CASE("inputs are kept until the job ends, and equal ones are one file") {
  StoredFolder data;
  NewJob job = new_job();
  job.inputs = {{"image/png", "first"}, {"image/jpeg", "second"}, {"image/png", "first"}};
  submitted(data, job);
  data.reopen();
  const auto inputs =
      data.storage->read([&](Database& database) { return JobStore(database, data.storage->files()).inputs(job.id); });
  REQUIRE(inputs.size() == 3);
  CHECK(inputs[1].media_type == "image/jpeg");
  CHECK(inputs[1].bytes == "second");
  CHECK(inputs[2].bytes == "first");
  CHECK(data.storage->files().list().size() == 2);
  data.change_jobs([&](JobStore& jobs) { return jobs.cancel(job.id, 2'000); });
  data.storage->write_and_wait([](Database&) {});  // files go after the commit that gave them up
  CHECK(data.storage->files().list().empty());
}

TEST_CASE("an idempotency key leads to the same job for a day, with another body to an error") {
  StoredFolder data;
  NewJob job = new_job("me");
  job.idempotency = IdempotencyKey{"key-1", content_digest("body")};
  submitted(data, job, 1'000);
  data.reopen();
  data.change_jobs([&](JobStore& jobs) {
    CHECK(jobs.find_by_key("me", *job.idempotency, 1'000 + 23 * kHour) == job.id);
    CHECK_FALSE(jobs.find_by_key("me", *job.idempotency, 1'000 + 24 * kHour).has_value());
    CHECK_FALSE(jobs.find_by_key("someone else", *job.idempotency, 2'000).has_value());
    CHECK_FALSE(jobs.find_by_key("me", {"key-2", content_digest("body")}, 2'000).has_value());
    const IdempotencyKey reused{"key-1", content_digest("other body")};
    check_refused("idempotency_key_reused", "key-1", [&] { (void)jobs.find_by_key("me", reused, 2'000); });
    return true;
  });
  NewJob next_day = new_job("me");
  next_day.idempotency = IdempotencyKey{"key-1", content_digest("other body")};
  submitted(data, next_day, 1'000 + 25 * kHour);
  data.change_jobs([&](JobStore& jobs) {
    CHECK(jobs.find_by_key("me", *next_day.idempotency, 1'000 + 26 * kHour) == next_day.id);
    return true;
  });
}

TEST_CASE("a key that is empty, too long or has control characters is refused") {
  StoredFolder data;
  for (const std::string& key : {std::string(), std::string(256, 'k'), std::string("a\nb"), std::string("\xff")}) {
    data.change_jobs([&](JobStore& jobs) {
      check_refused("invalid_value", "Idempotency-Key", [&] { (void)jobs.find_by_key("me", {key, ""}, 0); });
      return true;
    });
  }
}

TEST_CASE("lists are newest first, of one client or all, page by page") {
  StoredFolder data;
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(submitted(data, new_job(i % 2 == 0 ? "even" : "odd"), 1'000 + i / 3));
  const auto listed = [&](const std::optional<std::string>& client, int limit) {
    std::vector<std::string> found;
    std::optional<PageCursor> cursor;
    for (;;) {
      const auto page = data.storage->read(
          [&](Database& database) { return JobStore(database, data.storage->files()).list(client, cursor, limit); });
      if (page.empty()) return found;
      for (const JobRecord& job : page) found.push_back(job.id);
      cursor = PageCursor{page.back().created_ms, page.back().id};
    }
  };
  const auto all = listed(std::nullopt, 3);
  CHECK(all == listed(std::nullopt, 100));
  CHECK(all.size() == 10);
  CHECK(all.front() == ids.back());
  CHECK(listed("odd", 2).size() == 5);
  CHECK(listed("nobody", 2).empty());
}

TEST_CASE("jobs expire a day after their end, and take their key and events along") {
  StoredFolder data;
  NewJob job = new_job("me");
  job.idempotency = IdempotencyKey{"key", content_digest("body")};
  submitted(data, job);
  const std::string waiting = submitted(data, new_job());
  claimed(data, job.id);
  data.change_jobs([&](JobStore& jobs) { return jobs.finish(job.id, 1, "{}", 10'000); });
  const auto expired = [&](UnixMillis now) {
    return data.change_jobs([&](JobStore& jobs) { return jobs.expire(now); });
  };
  CHECK(expired(10'000 + JobStore::kRetention - 1) == 0);
  CHECK(data.job(job.id).has_value());
  CHECK(expired(10'000 + JobStore::kRetention) == 1);
  CHECK_FALSE(data.job(job.id).has_value());
  CHECK(data.job(waiting).has_value());
}
