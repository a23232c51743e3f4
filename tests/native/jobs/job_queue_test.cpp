#include "native/jobs/job_queue.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "native/storage/digest.h"
#include "shared/base/json.h"
#include "tests/native/jobs/queue_under_test.h"

using namespace palimpsest;
using palimpsest::test::Events;
using palimpsest::test::one_picture;
using palimpsest::test::QueueUnderTest;
using palimpsest::test::StubWorker;

namespace {

std::string code_of(const Result<Submitted>& answer) {
  return answer ? "accepted" : answer.error().code;
}

}  // namespace

TEST_CASE("a job runs, and its pictures, result and events can be read afterwards") {
  QueueUnderTest test;
  const std::string id = test.submit({"me", R"({"prompt":"a cat"})", {{"image/png", "input"}}}).value_or_throw().id;
  const JobRequest request = test.stub().wait_for(id);
  CHECK(request.request == R"({"prompt":"a cat"})");
  REQUIRE(request.inputs.size() == 1);
  CHECK(request.inputs[0].bytes == "input");
  Events events(*test.queue, id);
  test.stub().end(id, one_picture("made", 18'446'744'073'709'551'615u));

  const Json result = parse_json(events.wait_for("succeeded").event.data).value_or_throw();
  CHECK(*result.find("model")->as_string() == "stub");
  const Json& picture = result.find("pictures")->as_array()->at(0);
  std::uint64_t seed = 0;
  CHECK(picture.find("seed")->to_uint64(seed));
  CHECK(seed == 18'446'744'073'709'551'615u);
  const std::string image = *picture.find("id")->as_string();
  CHECK(test.data.storage->read([&](Database& database) {
    return ImageStore(database, test.data.storage->files()).bytes(image, unix_now());
  }) == "made");
  const JobStatus status = test.queue->find(id).value();
  CHECK(status.record.state == JobState::succeeded);
  CHECK(status.record.result == result.dump());
  CHECK(Events(*test.queue, id).wait_for("succeeded").event.data == result.dump());
}

TEST_CASE("a job that fails says why to those who ask and those who listen") {
  QueueUnderTest test;
  const std::string id = test.submit_as("me");
  test.stub().wait_for(id);
  Events events(*test.queue, id);
  test.stub().end(id, Error{"out_of_memory", "too large", "size", 507});
  CHECK(events.wait_for("failed").event.data.find("too large") != std::string::npos);
  CHECK(test.queue->find(id)->record.error->http_status == 507);
}

TEST_CASE("clients take turns however much one of them sends") {
  QueueUnderTest test;
  const std::string first = test.submit_as("a");
  test.stub().wait_for(first);
  std::vector<std::string> a, expected = {first};
  for (int i = 0; i < 3; ++i) a.push_back(test.submit_as("a"));
  const std::string b = test.submit_as("b"), c = test.submit_as("c");
  expected.insert(expected.end(), {a[0], b, c, a[1], a[2]});
  CHECK(test.queue->find(a[2])->position == 4);
  CHECK(test.queue->find(b)->position == 1);
  for (const std::string& id : expected) {
    test.stub().wait_for(id);
    test.stub().end(id, one_picture(id));
  }
  CHECK(test.stub().order() == expected);
}

TEST_CASE("a worker that can take several jobs gets several, and never more") {
  QueueUnderTest test({}, std::make_unique<StubWorker>(2));
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(test.submit_as("me"));
  test.stub().wait_for(ids[0]);
  test.stub().wait_for(ids[1]);
  CHECK(test.queue->running_count() == 2);
  CHECK(test.queue->queued_count() == 1);
  CHECK(test.stub().order().size() == 2);
  test.stub().end(ids[1], one_picture("x"));
  test.stub().wait_for(ids[2]);
}

TEST_CASE("a full queue refuses with the time to come again, and takes more when there is room") {
  QueueUnderTest test({.capacity = 4, .per_client = 3});
  const std::string running = test.submit_as("a");
  test.stub().wait_for(running);
  for (int i = 0; i < 3; ++i) test.submit_as("a");
  const Result<Submitted> own = test.submit({"a", "{}"});
  REQUIRE_FALSE(own);
  CHECK(own.error().code == "queue_full");
  CHECK(own.error().http_status == 429);
  CHECK(own.error().message.find("this client's part") != std::string::npos);
  test.submit_as("b");
  const Result<Submitted> all = test.submit({"c", "{}"});
  REQUIRE_FALSE(all);
  CHECK(all.error().message.find("the limit is 4") != std::string::npos);
  test.stub().progress(running, {"denoising", 1, 20, 12.5, {}});
  CHECK(test.queue->retry_after_seconds() == 13);
  test.stub().progress(running, {"denoising", 1, 20, 1e6, {}});
  CHECK(test.queue->retry_after_seconds() == 60);
  test.stub().end(running, one_picture("x"));
  CHECK(code_of(test.submit({"c", "{}"})) == "accepted");
}

TEST_CASE("of many that come at once, exactly as many as fit are accepted") {
  QueueUnderTest test({.capacity = 8, .per_client = 8});
  std::vector<std::future<Result<Submitted>>> answers;
  for (int i = 0; i < 200; ++i) answers.push_back(test.submit_later({"me", "{}"}));
  int accepted = 0;
  for (auto& answer : answers) accepted += answer.get() ? 1 : 0;
  // One may have left the queue for the worker before the last came.
  CHECK(accepted >= 8);
  CHECK(accepted <= 9);
}

TEST_CASE("a hundred equal requests with one key are one job, even where the queue is full") {
  QueueUnderTest test({.capacity = 1, .per_client = 1});
  const IdempotencyKey key{"key", content_digest("body")};
  std::vector<std::future<Result<Submitted>>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(test.submit_later({"me", "{}", {}, key}));
  int firsts = 0;
  std::string id;
  for (auto& answer : answers) {
    const Submitted submitted = answer.get().value_or_throw();
    if (id.empty()) id = submitted.id;
    CHECK(submitted.id == id);
    firsts += submitted.repeated ? 0 : 1;
  }
  CHECK(firsts == 1);
  const auto reused = test.submit({"me", "{}", {}, IdempotencyKey{"key", content_digest("other")}});
  REQUIRE_FALSE(reused);
  CHECK(reused.error().code == "idempotency_key_reused");
  CHECK(reused.error().http_status == 422);
  test.stub().wait_for(id);
  test.stub().end(id, one_picture("x"));
  Events(*test.queue, id).wait_for("succeeded");
  CHECK(test.submit({"me", "{}", {}, key}).value_or_throw().id == id);
}

TEST_CASE("a waiting job can be cancelled and never runs") {
  QueueUnderTest test;
  const std::string running = test.submit_as("me"), waiting = test.submit_as("me"), last = test.submit_as("me");
  test.stub().wait_for(running);
  Events events(*test.queue, waiting);
  CHECK(test.cancel(waiting).value_or_throw() == JobState::cancelled);
  events.wait_for("cancelled");
  test.stub().end(running, one_picture("x"));
  test.stub().wait_for(last);
  CHECK(test.stub().order() == std::vector{running, last});
  CHECK(test.cancel(waiting).value_or_throw() == JobState::cancelled);
  CHECK(test.cancel(running).value_or_throw() == JobState::succeeded);
  CHECK(test.cancel("nobody").error().http_status == 404);
}

TEST_CASE("a running job is cancelled at once for those who ask, and its place is free when the worker has stopped") {
  QueueUnderTest test({}, std::make_unique<StubWorker>(1, false));
  const std::string running = test.submit_as("me"), next = test.submit_as("me");
  test.stub().wait_for(running);
  Events events(*test.queue, running);
  CHECK(test.cancel(running).value_or_throw() == JobState::cancelled);
  CHECK(test.stub().was_cancelled(running));
  CHECK(test.queue->running_count() == 1);
  test.stub().progress(running, {"denoising", 5, 20, {}, {}});
  test.stub().end(running, one_picture("too late"));
  test.stub().wait_for(next);
  CHECK(test.queue->find(running)->record.state == JobState::cancelled);
  events.wait_for("cancelled");
  CHECK(events.types() == "queued running cancelled ");
  CHECK(test.data.storage->files().list().empty());
  test.stub().end(next, one_picture("x"));
}

TEST_CASE("a job is cancelled when the last who waits for it has left, unless it was to be kept") {
  QueueUnderTest test;
  for (const bool kept : {false, true}) {
    CAPTURE(kept);
    const std::string id = test.submit({"me", "{}", {}, {}, !kept}).value_or_throw().id;
    test.stub().wait_for(id);
    auto first = std::make_unique<Events>(*test.queue, id), second = std::make_unique<Events>(*test.queue, id);
    first.reset();
    CHECK_FALSE(test.stub().was_cancelled(id));
    second.reset();
    CHECK(test.stub().was_cancelled(id) == !kept);
    if (!kept) Events(*test.queue, id).wait_for("cancelled");
  }
}

TEST_CASE("progress and previews reach listeners in order, and only the newest preview is kept for later ones") {
  QueueUnderTest test;
  const std::string id = test.submit_as("me");
  test.stub().wait_for(id);
  Events events(*test.queue, id);
  for (int step = 1; step <= 3; ++step) {
    test.stub().progress(id, {"denoising", step, 4, 4.0 - step, Image({step, 1}, 3)});
  }
  const JobStatus status = test.queue->find(id).value();
  CHECK(status.record.progress->find("\"step\":3") != std::string::npos);
  CHECK(status.seconds_left.value() <= 1.0);
  Events late(*test.queue, id, events.wait_for("running").event.sequence);
  test.stub().end(id, one_picture("x"));
  events.wait_for("succeeded");
  CHECK(events.types() == "queued running progress progress progress succeeded ");
  std::int64_t last = 0;
  for (const LiveEvent& event : events.seen()) {
    CHECK(event.event.sequence > last);
    last = event.event.sequence;
  }
  CHECK(events.seen()[3].preview->width == 2);
  late.wait_for("succeeded");
  CHECK(late.types() == "progress progress progress succeeded ");
  CHECK(late.seen()[0].preview == nullptr);
  CHECK(late.seen()[2].preview->width == 3);
}

TEST_CASE("a callback may end its own subscription") {
  QueueUnderTest test;
  const std::string id = test.submit_as("me");
  test.stub().wait_for(id);
  std::promise<void> called;
  int calls = 0;
  Subscription subscription;
  std::promise<void> ready;
  std::shared_future<void> held = ready.get_future().share();
  subscription = test.queue
                     ->subscribe(id, 0,
                                 [&, held](const LiveEvent&) {
                                   held.wait();
                                   ++calls;
                                   subscription = Subscription();
                                   called.set_value();
                                 })
                     .value_or_throw();
  ready.set_value();
  called.get_future().wait();
  test.stub().end(id, one_picture("x"));
  Events(*test.queue, id).wait_for("succeeded");
  CHECK(calls == 1);
}

TEST_CASE("nobody listens to a job that is not there") {
  QueueUnderTest test;
  CHECK(test.queue->subscribe("nobody", 0, [](const LiveEvent&) {}).error().code == "job_not_found");
  CHECK_FALSE(test.queue->find("nobody").has_value());
}

TEST_CASE("waiting jobs are told how long, once a job has been measured") {
  QueueUnderTest test;
  const std::string first = test.submit_as("me"), second = test.submit_as("me"), third = test.submit_as("me");
  test.stub().wait_for(first);
  CHECK_FALSE(test.queue->find(third)->seconds_left.has_value());
  test.stub().end(first, one_picture("x"));
  test.stub().wait_for(second);
  test.stub().progress(second, {"denoising", 1, 2, 30.0, {}});
  const double left = test.queue->find(third)->seconds_left.value();
  CHECK(left > 29);
  CHECK(left < 31);  // 30 s of the running job and its own short run
}
