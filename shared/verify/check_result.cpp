#include "shared/verify/check_result.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace palimpsest {
namespace {

struct Errors {
  double relative = 0, largest = 0;
};

Errors errors_of(std::span<const float> got, std::span<const float> want) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (got.size() != want.size() || want.empty()) return {kInfinite, kInfinite};
  double difference_squares = 0, want_squares = 0, largest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double difference = std::abs(double{got[i]} - double{want[i]});
    if (!std::isfinite(difference)) return {kInfinite, kInfinite};
    difference_squares += difference * difference;
    want_squares += double{want[i]} * double{want[i]};
    largest = std::max(largest, difference);
  }
  if (want_squares == 0) return {difference_squares == 0 ? 0 : kInfinite, largest};
  return {std::sqrt(difference_squares / want_squares), largest};
}

}  // namespace

void compare(const std::string& case_name, const std::string& what, std::span<const float> got,
             std::span<const float> want, const Tolerance& tolerance, std::vector<CheckResult>& results) {
  const Errors errors = errors_of(got, want);
  const auto add = [&](const char* measure, double error, double limit) {
    if (limit > 0) results.push_back({case_name, what + ", " + measure, error, limit, error <= limit});
  };
  add("relative", errors.relative, tolerance.relative);
  add("largest", errors.largest, tolerance.largest);
}

}  // namespace palimpsest
