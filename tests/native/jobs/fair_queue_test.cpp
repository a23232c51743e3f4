#include "native/jobs/fair_queue.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "native/jobs/run_times.h"

using namespace palimpsest;

namespace {

std::string popped(FairQueue queue) {
  std::string order;
  while (const auto id = queue.pop()) order += *id + " ";
  return order;
}

}  // namespace

TEST_CASE("clients take turns, and each one's jobs keep their order") {
  FairQueue queue;
  for (const char* id : {"a1", "a2", "a3", "a4"}) queue.push("a", id);
  queue.push("b", "b1");
  for (const char* id : {"c1", "c2"}) queue.push("c", id);
  CHECK(queue.size() == 7);
  CHECK(queue.size_of("a") == 4);
  CHECK(queue.size_of("nobody") == 0);
  CHECK(popped(queue) == "a1 b1 c1 a2 c2 a3 a4 ");
}

TEST_CASE("a client that comes back after its line was empty waits for the others") {
  FairQueue queue;
  queue.push("a", "a1");
  queue.push("b", "b1");
  queue.push("b", "b2");
  CHECK(queue.pop() == "a1");
  queue.push("a", "a2");
  CHECK(popped(queue) == "b1 a2 b2 ");
}

TEST_CASE("a job can leave from the middle") {
  FairQueue queue;
  for (const char* id : {"a1", "a2"}) queue.push("a", id);
  queue.push("b", "b1");
  CHECK(queue.remove("a1"));
  CHECK(queue.remove("b1"));
  CHECK_FALSE(queue.remove("b1"));
  CHECK(popped(queue) == "a2 ");
  CHECK_FALSE(queue.position("a1").has_value());
}

TEST_CASE("the position is the number of jobs that really leave before") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    FairQueue queue;
    std::vector<std::string> ids;
    for (int i = 0; i < 20; ++i) {
      ids.push_back(std::to_string(i));
      queue.push(std::to_string(random() % 5), ids.back());
      if (random() % 4 == 0) queue.pop();
    }
    for (const std::string& id : ids) {
      const auto position = queue.position(id);
      FairQueue copy = queue;
      std::size_t before = 0;
      auto next = copy.pop();
      for (; next && *next != id; next = copy.pop()) ++before;
      CHECK(position.has_value() == next.has_value());
      if (position) CHECK(*position == before);
    }
  }
}

TEST_CASE("the typical run is the median of the last ones") {
  RunTimes times;
  CHECK_FALSE(times.typical().has_value());
  for (const double seconds : {2.0, 100.0, 1.0}) times.add(seconds);
  CHECK(times.typical() == 2.0);
  for (int i = 0; i < 15; ++i) times.add(5.0);
  CHECK(times.typical() == 5.0);
}
