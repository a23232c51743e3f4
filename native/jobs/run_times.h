#pragma once

#include <deque>
#include <optional>

namespace palimpsest {

/// How long recent jobs ran, to say how long the next ones will.
class RunTimes {
 public:
  void add(double seconds);

  /// The median of the last kKept runs, which one odd run does not move; absent before the first.
  std::optional<double> typical() const;

 private:
  static constexpr std::size_t kKept = 15;
  std::deque<double> seconds_;
};

}  // namespace palimpsest
