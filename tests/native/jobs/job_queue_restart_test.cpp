#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "native/jobs/inference_worker.h"
#include "tests/native/jobs/queue_under_test.h"
#include "tests/native/storage/failing_calls.h"

using namespace palimpsest;
using palimpsest::test::Call;
using palimpsest::test::Events;
using palimpsest::test::one_picture;
using palimpsest::test::QueueUnderTest;
using palimpsest::test::StoredFolder;
using palimpsest::test::StubWorker;

namespace {

/// A request that the test waits for in the parent after the child was killed while it ran.
struct Killed {
  std::string running, waiting;
};

/// In a child: submits two jobs, waits until the first runs, tells their ids and is killed.
Killed killed_while_running(const std::string& folder) {
  std::array<int, 2> ends;
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    DataStore storage(folder);
    StubWorker worker;
    JobQueue queue(storage, worker);
    std::string ids;
    for (const char* request : {"first", "second"}) {
      std::promise<std::string> id;
      queue.submit({"me", request, {{"image/png", request}}},
                   [&](Result<Submitted> answer) { id.set_value(answer->id); });
      ids += id.get_future().get();
    }
    worker.wait_for(ids.substr(0, 26));
    if (::write(ends[1], ids.data(), ids.size()) == static_cast<ssize_t>(ids.size())) ::pause();
    ::_exit(1);
  }
  ::close(ends[1]);
  std::array<char, 52> ids;
  std::size_t size = 0;
  for (ssize_t got = 0; size < ids.size() && (got = ::read(ends[0], ids.data() + size, ids.size() - size)) > 0;) {
    size += static_cast<std::size_t>(got);
  }
  ::close(ends[0]);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(size == ids.size());
  return {std::string(ids.data(), 26), std::string(ids.data() + 26, 26)};
}

}  // namespace

TEST_CASE("after the process was killed the running job runs again, then the waiting one, with their inputs") {
  palimpsest::testing::TemporaryFolder folder;
  const Killed jobs = killed_while_running(folder.path("data"));
  DataStore storage(folder.path("data"));
  StubWorker worker;
  JobQueue queue(storage, worker);
  const JobRequest again = worker.wait_for(jobs.running);
  CHECK(again.request == "first");
  CHECK(again.inputs.at(0).bytes == "first");
  CHECK(queue.find(jobs.running)->record.attempt == 2);
  Events events(queue, jobs.running);
  worker.end(jobs.running, one_picture("x"));
  events.wait_for("succeeded");
  CHECK(events.types() == "queued running queued running succeeded ");
  CHECK(worker.wait_for(jobs.waiting).inputs.at(0).bytes == "second");
  worker.end(jobs.waiting, one_picture("y"));
  Events(queue, jobs.waiting).wait_for("succeeded");
}

TEST_CASE("a job that was running when the process died twice fails and the queue goes on") {
  StoredFolder data;
  const NewJob poison = palimpsest::test::new_job(), other = palimpsest::test::new_job();
  data.change_jobs([&](JobStore& jobs) {
    jobs.submit(poison, 1);
    jobs.submit(other, 2);
    jobs.claim(poison.id, 3);
    jobs.recover(4);
    return jobs.claim(poison.id, 5).value();
  });
  StubWorker worker;
  JobQueue queue(*data.storage, worker);
  CHECK(Events(queue, poison.id).wait_for("failed").event.data.find("engine_crashed") != std::string::npos);
  worker.wait_for(other.id);
  worker.end(other.id, one_picture("x"));
  Events(queue, other.id).wait_for("succeeded");
}

TEST_CASE("a shutdown lets the running job finish in its time and keeps the waiting ones") {
  QueueUnderTest test;
  const std::string running = test.submit_as("me"), waiting = test.submit_as("me");
  test.stub().wait_for(running);
  std::thread finisher([&] {
    for (std::string code; code != "shutting_down";) {
      const Result<Submitted> answer = test.submit({"someone else", "{}"});
      if (!answer) code = answer.error().code;
    }
    test.stub().end(running, one_picture("x"));
  });
  test.queue->shutdown(std::chrono::minutes(10));
  finisher.join();
  CHECK(test.submit({"me", "{}"}).error().code == "shutting_down");
  test.queue.reset();
  CHECK(test.data.job(running)->state == JobState::succeeded);
  CHECK(test.data.job(waiting)->state == JobState::queued);
  CHECK(test.data.job(waiting)->attempt == 0);
  test.open();
  test.stub().wait_for(waiting);
}

TEST_CASE("a job that a shutdown stopped runs after the next start, as its first attempt") {
  QueueUnderTest test;
  const std::string id = test.submit_as("me");
  test.stub().wait_for(id);
  test.queue.reset();
  CHECK(test.data.job(id)->state == JobState::queued);
  test.open();
  test.stub().wait_for(id);
  CHECK(test.queue->find(id)->record.attempt == 1);
  test.stub().end(id, one_picture("x"));
  Events(*test.queue, id).wait_for("succeeded");
}

TEST_CASE("on a full disk submissions are refused, a result becomes a failure that is told, and then work goes on") {
  const palimpsest::test::CallFailures failures;
  QueueUnderTest test;
  const std::string running = test.submit_as("me"), waiting = test.submit_as("me");
  test.stub().wait_for(running);
  Events events(*test.queue, running);
  palimpsest::test::fail_call(Call::write, 1, ENOSPC, true);
  const Result<Submitted> refused = test.submit({"me", "{}"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().http_status == 507);
  test.stub().end(running, one_picture("x"));
  CHECK(events.wait_for("failed").event.data.find("storage_full") != std::string::npos);
  CHECK(test.queue->find(running)->record.state == JobState::failed);
  CHECK(test.queue->find(waiting).has_value());
  palimpsest::test::let_calls_succeed();
  test.queue->housekeep();
  test.stub().wait_for(waiting);
  test.stub().end(waiting, one_picture("y"));
  Events(*test.queue, waiting).wait_for("succeeded");
}

TEST_CASE("with a real worker thread, a cancelled job stops at the engine's next look and its successor runs") {
  class Engine final : public PictureEngine {
   public:
    JobResult run(const JobRequest& request, const JobProgressCallback& progress, const StopToken& stop) override {
      progress({"denoising", 0, 1, {}, {}});
      while (request.request == "endless") {
        stop.check();
        std::this_thread::yield();
      }
      return one_picture(request.id);
    }
  };
  QueueUnderTest test({}, std::make_unique<InferenceWorker>([] { return std::make_unique<Engine>(); }));
  const std::string endless = test.submit({"me", "endless"}).value_or_throw().id;
  const std::string next = test.submit({"me", "{}"}).value_or_throw().id;
  Events events(*test.queue, endless), after(*test.queue, next);
  events.wait_for("progress");
  const auto start = std::chrono::steady_clock::now();
  CHECK(test.cancel(endless).value_or_throw() == JobState::cancelled);
  after.wait_for("succeeded");
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  CHECK_MESSAGE(true, "from cancel to the end of the next job: ", elapsed.count(), " ms");
}
