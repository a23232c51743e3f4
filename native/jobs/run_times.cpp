#include "native/jobs/run_times.h"

#include <algorithm>
#include <vector>

namespace palimpsest {

void RunTimes::add(double seconds) {
  seconds_.push_back(seconds);
  if (seconds_.size() > kKept) seconds_.pop_front();
}

std::optional<double> RunTimes::typical() const {
  if (seconds_.empty()) return std::nullopt;
  std::vector<double> sorted(seconds_.begin(), seconds_.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

}  // namespace palimpsest
