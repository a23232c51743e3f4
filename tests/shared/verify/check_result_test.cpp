#include "shared/verify/check_result.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace palimpsest;

namespace {

std::vector<CheckResult> compared(std::vector<float> got, std::vector<float> want, const Tolerance& tolerance) {
  std::vector<CheckResult> results;
  compare("case0", "out", got, want, tolerance, results);
  return results;
}

}  // namespace

TEST_CASE("each measure with a tolerance gives a result") {
  const auto both = compared({3, 4}, {3, 5}, {0.2, 0.5});
  REQUIRE(both.size() == 2);
  CHECK(both[0].measure == "out, relative");
  CHECK(both[0].error == doctest::Approx(1 / std::sqrt(34.0)));
  CHECK(both[0].passed);
  CHECK(both[1].measure == "out, largest");
  CHECK(both[1].error == 1);
  CHECK_FALSE(both[1].passed);
  CHECK(compared({1}, {1}, {0.2, 0}).size() == 1);
}

TEST_CASE("values that are not finite, missing or too many never pass") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const Tolerance generous{1e9, 1e9};
  CHECK_FALSE(compared({1, nan}, {1, 2}, generous)[0].passed);
  CHECK_FALSE(compared({1, infinity}, {1, infinity}, generous)[1].passed);
  CHECK_FALSE(compared({1}, {1, 2}, generous)[0].passed);
  CHECK_FALSE(compared({}, {}, generous)[0].passed);
  CHECK_FALSE(compared({1e-9F}, {0}, generous)[0].passed);
}
