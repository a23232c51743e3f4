#include "shared/base/elementary.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

#include "shared/base/bit_cast.h"

using namespace palimpsest;

TEST_CASE("logarithms agree with the library's over the range that noise needs and beyond") {
  for (double x = 1e-12; x < 1e6; x *= 1.0173) {
    CAPTURE(x);
    CHECK(std::abs(exact_log(x) - std::log(x)) <= 1e-15 * (1 + std::abs(std::log(x))));
  }
  for (const double x : {1 - 0x1p-33, 1 + 0x1p-33, 1 - 0x1p-53}) {
    CHECK(exact_log(x) == doctest::Approx(std::log(x)).epsilon(1e-14));  // relative: log is tiny here
  }
  CHECK(exact_log(1.0) == 0.0);
}

TEST_CASE("exponentials agree with the library's") {
  for (double x = -20; x < 20; x += 0.0371) {
    CAPTURE(x);
    CHECK(std::abs(exact_exp(x) - std::exp(x)) <= 1e-15 * std::exp(x));
  }
  CHECK(exact_exp(0.0) == 1.0);
}

TEST_CASE("sines and cosines agree with the library's") {
  for (double angle = -1000; angle < 1000; angle += 0.0913) {
    const SinCos got = exact_sin_cos(angle);
    CAPTURE(angle);
    CHECK(std::abs(got.sin - std::sin(angle)) <= 1e-12);
    CHECK(std::abs(got.cos - std::cos(angle)) <= 1e-12);
  }
  for (double angle = -100000; angle < 100000; angle += 7.7193) {
    CAPTURE(angle);
    CHECK(std::abs(exact_sin_cos(angle).sin - std::sin(angle)) <= 1e-12);
    CHECK(std::abs(exact_sin_cos(angle).cos - std::cos(angle)) <= 1e-12);
  }
  for (double angle = 0; angle < 6.3; angle += 0.00171) {
    CHECK(std::abs(exact_sin_cos(angle).sin - std::sin(angle)) <= 5e-16);
    CHECK(std::abs(exact_sin_cos(angle).cos - std::cos(angle)) <= 5e-16);
  }
}
