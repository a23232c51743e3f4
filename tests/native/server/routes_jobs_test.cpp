#include <doctest/doctest.h>

#include <algorithm>

#include "shared/api/sse.h"
#include "tests/native/server/app_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::vector<SseEvent> events_of(const AppUnderTest& app, const std::string& job, const std::string& after = "") {
  SseDecoder decoder;
  const std::string header = after.empty() ? "" : "Last-Event-ID: " + after + "\r\n";
  return decoder.feed(app.get("/v1/jobs/" + job + "/events", header).body);
}

}  // namespace

TEST_CASE("a request that prefers it is answered at once with a job, which has the result later") {
  AppUnderTest app;
  const RawResponse accepted = app.generate(R"({"prompt": "a", "seed": 3})", "Prefer: wait=1, respond-async\r\n");
  REQUIRE(accepted.status == 202);
  CHECK(accepted.header("preference-applied") == "respond-async");
  const std::string id = text_at(body_of(accepted), "id");
  CHECK(accepted.header("location") == "/v1/jobs/" + id);
  CHECK(text_at(body_of(accepted), "status") == "queued");
  const Json job = app.ended_job(id);
  CHECK(text_at(job, "status") == "succeeded");
  CHECK(text_at(job, "progress") == "1.0");
  CHECK(text_at(job, "result.data.0.seed") == "3");
  CHECK(app.get(app.path_of(text_at(job, "result.data.0.url"))).status == 200);
}

TEST_CASE("a job's events go on after the last one seen, and the last one has the answer") {
  AppUnderTest app;
  const std::string id = app.start_job(R"({"prompt": "a"})");
  const std::vector<SseEvent> all = events_of(app, id);
  app.ended_job(id);
  REQUIRE(all.size() >= 3);
  CHECK(all.front().event == "queued");
  CHECK(all[1].event == "running");
  CHECK(all.back().event == "succeeded");
  CHECK(text_at(parse_json(all.back().data).value_or_throw(), "data.0.url").find("/v1/images/") != std::string::npos);
  const std::vector<SseEvent> rest = events_of(app, id, all[1].id);
  REQUIRE_FALSE(rest.empty());
  CHECK(std::stoi(rest.front().id) > std::stoi(all[1].id));
  CHECK(rest.back() == all.back());
  CHECK(events_of(app, id, all.back().id).empty());
  CHECK(app.get("/v1/jobs/" + id + "/events", "Last-Event-ID: x\r\n").status == 400);
}

TEST_CASE("DELETE cancels a running and a queued job") {
  AppUnderTest app;
  const std::string running = app.start_job(R"({"prompt": "wait"})");
  REQUIRE(app.engine.wait_for_runs(1));
  const std::string queued = app.start_job(R"({"prompt": "second"})");
  CHECK(text_at(body_of(app.get("/v1/jobs/" + queued)), "queue_position") == "0");
  for (const std::string& id : {queued, running}) {
    const RawResponse response = app.remove("/v1/jobs/" + id);
    CHECK(response.status == 200);
    CHECK(text_at(body_of(response), "status") == "cancelled");
    CHECK(events_of(app, id).back().event == "cancelled");
  }
  CHECK(app.engine.wait_for_stops(1));
  CHECK(app.engine.runs() == 1);
}

TEST_CASE("who waits for a job that another call cancels is told so") {
  AppUnderTest app;
  HttpConnection connection(app.port());
  connection.send(app.request("POST /v1/images/generations", "", R"({"prompt": "wait", "stream": true})"));
  REQUIRE(app.engine.wait_for_runs(1));
  // A stream names its job in its progress; here the queue is asked.
  const auto jobs = app.state().storage.read([&](Database& database) {
    return JobStore(database, app.state().storage.files()).list(std::nullopt, std::nullopt, 10);
  });
  REQUIRE(jobs.size() == 1);
  app.remove("/v1/jobs/" + jobs[0].id);
  CHECK(connection.read_until("\"code\":\"cancelled\"").find("event: error") != std::string::npos);
}

TEST_CASE("a failed job tells its error") {
  AppUnderTest app;
  const Json job = app.ended_job(app.start_job(R"({"prompt": "too large"})"));
  CHECK(text_at(job, "status") == "failed");
  CHECK(text_at(job, "error.code") == "out_of_memory");
}

TEST_CASE("results and waiting jobs are there after a restart") {
  AppUnderTest app;
  const std::string done = app.start_job(R"({"prompt": "a", "seed": 18446744073709551615})");
  app.ended_job(done);
  const std::string waiting = app.start_job(R"({"prompt": "wait"})");
  REQUIRE(app.engine.wait_for_runs(1));
  app.restart();
  app.engine.release();
  const Json job = app.ended_job(done);
  CHECK(text_at(job, "result.data.0.seed_string") == "18446744073709551615");
  CHECK(app.get(app.path_of(text_at(job, "result.data.0.url"))).status == 200);
  CHECK(text_at(app.ended_job(waiting), "status") == "succeeded");
  CHECK(events_of(app, waiting).back().event == "succeeded");
}

TEST_CASE("an unknown job is 404") {
  AppUnderTest app;
  CHECK(app.get("/v1/jobs/nothing").status == 404);
  CHECK(app.get("/v1/jobs/nothing/events").status == 404);
  CHECK(app.remove("/v1/jobs/nothing").status == 404);
}
