#include "shared/pipeline/recent_values.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace palimpsest;

TEST_CASE("the value that was not used for longest makes room") {
  RecentValues<std::string, int> recent(2);
  int made = 0;
  const auto get = [&](const std::string& key) { return *recent.get(key, [&] { return ++made; }); };
  CHECK(get("a") == 1);
  CHECK(get("b") == 2);
  CHECK(get("a") == 1);
  CHECK(get("c") == 3);  // b goes
  CHECK(get("a") == 1);
  CHECK(get("b") == 4);
}

TEST_CASE("nothing is kept of a value whose making fails") {
  RecentValues<std::string, int> recent(2);
  CHECK_THROWS_AS(recent.get("a", []() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK(*recent.get("a", [] { return 5; }) == 5);
}
