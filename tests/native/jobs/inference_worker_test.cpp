#include "native/jobs/inference_worker.h"

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/native/jobs/stub_worker.h"

using namespace palimpsest;
using palimpsest::test::one_picture;

namespace {

/// Does what the request's text says.
class StubEngine final : public PictureEngine {
 public:
  JobResult run(const JobRequest& request, const JobProgressCallback& progress, const StopToken& stop) override {
    CHECK(std::this_thread::get_id() == owner_);
    if (request.request == "bad_alloc") throw std::bad_alloc();
    if (request.request == "logic") throw std::logic_error("wrong");
    if (request.request == "refuse") fail("nonfinite_output", "the picture is not finite", 500);
    progress({"denoising", 1, 2, {}, {}});
    while (request.request == "endless") {
      stop.check();
      std::this_thread::yield();
    }
    return one_picture(request.id);
  }

 private:
  std::thread::id owner_ = std::this_thread::get_id();
};

std::unique_ptr<PictureEngine> stub_engine() {
  return std::make_unique<StubEngine>();
}

/// One job given to a worker.
struct Run {
  std::promise<JobOutcome> outcome;
  std::promise<void> begun;

  Run(Worker& worker, const std::string& id, const std::string& request) {
    worker.start(
        {id, request, {}}, [this](JobProgress) { begun.set_value(); },
        [this](JobOutcome result) { outcome.set_value(std::move(result)); });
  }
  JobOutcome wait() { return outcome.get_future().get(); }
  std::string code() {
    const JobOutcome result = wait();
    return result ? "succeeded" : result.error().code;
  }
};

}  // namespace

TEST_CASE("jobs run one after the other on the thread that loaded the engine") {
  InferenceWorker worker(stub_engine);
  Run first(worker, "1", "draw"), second(worker, "2", "draw");
  const JobOutcome outcome = first.wait();
  REQUIRE(outcome);
  CHECK(outcome->pictures.at(0).image.bytes == "1");
  CHECK(second.code() == "succeeded");
  CHECK(worker.state() == InferenceWorker::State::ready);
}

TEST_CASE("what the engine throws becomes the job's error, and the next job runs") {
  InferenceWorker worker(stub_engine);
  CHECK(Run(worker, "1", "bad_alloc").code() == "out_of_memory");
  CHECK(Run(worker, "2", "logic").code() == "internal_error");
  CHECK(Run(worker, "3", "refuse").code() == "nonfinite_output");
  CHECK(Run(worker, "4", "draw").code() == "succeeded");
}

TEST_CASE("an engine that cannot be loaded ends every job with the reason") {
  InferenceWorker worker(
      []() -> std::unique_ptr<PictureEngine> { fail("MODEL_TRUNCATED", "the file ends early", 500); });
  CHECK(Run(worker, "1", "draw").code() == "MODEL_TRUNCATED");
  CHECK(worker.state() == InferenceWorker::State::failed);
  CHECK(worker.load_error()->message == "the file ends early");
}

TEST_CASE("a running job and a waiting job can be cancelled") {
  InferenceWorker worker(stub_engine);
  Run running(worker, "1", "endless"), waiting(worker, "2", "draw"), last(worker, "3", "draw");
  running.begun.get_future().wait();
  worker.cancel("2");
  worker.cancel("unknown");
  worker.cancel("1");
  CHECK(running.code() == "cancelled");
  CHECK(waiting.code() == "cancelled");
  CHECK(last.code() == "succeeded");
}

TEST_CASE("the end of the worker stops what runs and what waits") {
  auto worker = std::make_unique<InferenceWorker>(stub_engine);
  Run running(*worker, "1", "endless"), waiting(*worker, "2", "draw");
  running.begun.get_future().wait();
  worker.reset();
  CHECK(running.code() == "cancelled");
  CHECK(waiting.code() == "cancelled");
}
