#include "shared/base/elementary.h"

#include <cmath>
#include <cstdint>

#include "shared/base/bit_cast.h"

namespace palimpsest {
namespace {

constexpr double kLn2High = 0x1.62e42fefa2000p-1;  // 40 bits of ln 2, so that k·kLn2High is exact
constexpr double kLn2Low = 0x1.9ef35793c7673p-41;
constexpr double kHalfPiHigh = 0x1.921fb54440000p+0;  // 35 bits of pi/2
constexpr double kHalfPiLow = 0x1.68c234c4c6629p-39;

// Horner's rule with coefficients 1, 1/d₁, 1/(d₁·d₂) …: the series of exp, sin and cos as nested divisions.
template <int kTerms, typename Divisor>
double nested_series(double x, Divisor divisor) {
  double sum = 1.0;
  for (int i = kTerms; i >= 1; --i) sum = 1.0 + x * sum / divisor(i);
  return sum;
}

double power_of_two(std::int64_t exponent) {
  return bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

}  // namespace

double exact_log(double x) {
  // x = m·2^e with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh((m - 1)/(m + 1)).
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcdU;
  const auto bits = bit_cast<std::uint64_t>(x);
  const std::int64_t exponent = static_cast<std::int64_t>(bits - kSqrtHalf) >> 52;
  const double m = bit_cast<double>(bits - (static_cast<std::uint64_t>(exponent) << 52));
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double tail = 0.0;
  for (int power = 21; power >= 3; power -= 2) tail = (tail + 1.0 / power) * z;
  const auto e = static_cast<double>(exponent);
  return e * kLn2High + (2.0 * s + (2.0 * s * tail + e * kLn2Low));
}

double exact_exp(double x) {
  const double k = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  return nested_series<15>(r, [](int i) { return static_cast<double>(i); }) *
         power_of_two(static_cast<std::int64_t>(k));
}

SinCos exact_sin_cos(double angle) {
  const double k = std::floor(angle / (kHalfPiHigh + kHalfPiLow) + 0.5);
  const double r = (angle - k * kHalfPiHigh) - k * kHalfPiLow;
  const double z = -r * r;
  const double sin = r * nested_series<9>(z, [](int i) { return static_cast<double>(2 * i * (2 * i + 1)); });
  const double cos = nested_series<9>(z, [](int i) { return static_cast<double>((2 * i - 1) * 2 * i); });
  switch (static_cast<std::int64_t>(k) & 3) {
    case 0:
      return {sin, cos};
    case 1:
      return {cos, -sin};
    case 2:
      return {-sin, -cos};
    default:
      return {-cos, sin};
  }
}

}  // namespace palimpsest
