// Compares float arrays and says where they differ most.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>

namespace palimpsest {

/// Root mean square of the differences over that of `want`.
inline double relative_rms(std::span<const float> got, std::span<const float> want) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    difference += (double{got[i]} - want[i]) * (double{got[i]} - want[i]);
    size += double{want[i]} * want[i];
  }
  return std::sqrt(difference / size);
}

/// Checks |got - want| ≤ tolerance everywhere.
inline void check_close(std::span<const float> got, std::span<const float> want, double tolerance) {
  REQUIRE(got.size() == want.size());
  std::size_t worst = 0;
  double largest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double difference = std::abs(double{got[i]} - want[i]);
    if (difference <= largest) continue;  // NaN goes on
    largest = difference;
    worst = i;
  }
  CAPTURE(worst);
  CAPTURE(got[worst]);
  CAPTURE(want[worst]);
  CHECK(largest <= tolerance);
}

}  // namespace palimpsest
