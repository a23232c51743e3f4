#include "shared/api/job.h"

#include <doctest/doctest.h>

using namespace palimpsest;

TEST_CASE("a job in every state is the same again when sent and read") {
  for (const JobState state :
       {JobState::queued, JobState::running, JobState::succeeded, JobState::failed, JobState::cancelled}) {
    Job job;
    job.id = "job_1";
    job.state = state;
    job.mode = Mode::edit;
    job.model = "kontext-nano";
    job.created_at = 1'700'000'000;
    if (state == JobState::queued) job.queue_position = 0;
    if (state == JobState::running)
      job.started_at = 1'700'000'001, job.step = 7, job.steps = 20, job.estimate_ms = 9000;
    if (state == JobState::failed) job.error = Error{"out_of_memory", "no room", "size", 507};
    if (state == JobState::succeeded) job.result = Json(Json::Object{{"created", 1}});
    const Json json = to_json(job);
    const Result<Job> again = parse_job(json);
    REQUIRE(again);
    CHECK(to_json(*again) == json);
    CHECK(*json.find("status") == Json(std::string(name_of(state))));
  }
}

TEST_CASE("progress runs from 0 to 1 and reaches 1 only with success") {
  Job job;
  CHECK(job.progress() == 0);
  job.state = JobState::running;
  job.steps = 20, job.step = 5;
  CHECK(job.progress() == 0.25);
  job.step = 20;
  CHECK(job.progress() < 1);
  job.state = JobState::succeeded;
  CHECK(job.progress() == 1);
  CHECK(is_final(JobState::failed));
  CHECK_FALSE(is_final(JobState::running));
}

TEST_CASE("what is no job is refused with the member") {
  CHECK(parse_job(*parse_json("[]")).error().message == ": an object is needed");
  CHECK(parse_job(*parse_json(R"({"id": "a", "status": "done", "mode": "edit"})")).error().message ==
        "/status: \"done\" is not one of the names known");
  CHECK(parse_job(*parse_json(R"({"id": "a", "status": "queued", "mode": "edit", "step": "1"})")).error().message ==
        "/step: an integer is needed");
}
