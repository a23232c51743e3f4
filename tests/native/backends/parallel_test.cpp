#include "native/backends/parallel.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

using namespace palimpsest;

TEST_CASE("every task runs exactly once, whatever the number of threads") {
  for (const int threads : {1, 2, 3, 7}) {
    CAPTURE(threads);
    const auto parallel = make_parallel(threads);
    CHECK(parallel->thread_count() == threads);
    for (const std::int64_t tasks : {0, 1, 2, 5, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(tasks));
      parallel->run(tasks, [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; });
      for (const auto& count : calls) CHECK(count == 1);
    }
  }
}

TEST_CASE("an exception of a task reaches the caller, and the pool goes on working") {
  for (const int threads : {1, 3}) {
    const auto parallel = make_parallel(threads);
    std::string caught;
    try {
      parallel->run(100, [](std::int64_t i) {
        if (i % 10 == 3) throw std::runtime_error("task");
      });
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    CHECK(caught == "task");
    std::atomic<int> calls = 0;
    parallel->run(50, [&](std::int64_t) { ++calls; });
    CHECK(calls == 50);
  }
}

TEST_CASE("what tasks wrote is visible after the run") {
  const auto parallel = make_parallel(4);
  std::vector<int> values(10000, 0);
  for (int round = 1; round <= 20; ++round) {
    parallel->run(static_cast<std::int64_t>(values.size()),
                  [&](std::int64_t i) { ++values[static_cast<std::size_t>(i)]; });
    for (const int value : values) REQUIRE(value == round);
  }
}
