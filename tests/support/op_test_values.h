// Values of op tests, on the host and on a backend, and the comparison with their derived tolerance.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "shared/tensor/backend.h"

namespace palimpsest::testing {

/// Host values of a shape.
struct HostValues {
  Shape shape;
  std::vector<float> values;

  float operator[](std::int64_t i) const { return values[static_cast<std::size_t>(i)]; }
  HostView view() const { return view_of(values, shape); }
};

/// What an element should be, and how large the terms were that it was summed from.
struct Expected {
  double value = 0, magnitude = 0;

  void add(double term) {
    value += term;
    magnitude += std::abs(term);
  }
};

/// Distance of 1 to the next number, halved: the largest relative error of one rounding.
inline double rounding_unit(DType dtype) {
  return dtype == DType::bf16 ? 0x1p-8 : 0x1p-24;
}
inline constexpr double kF32Unit = 0x1p-24;

/// Backend under test with a source of random inputs.
class OpTest {
 public:
  explicit OpTest(Backend& tested) : backend(tested) {}

  /// Uniform in (-1, 1) plus `offset`, rounded to `dtype` so that every side starts from the same numbers.
  HostValues random(const Shape& shape, DType dtype, float offset = 0.0F) {
    HostValues host{shape, std::vector<float>(static_cast<std::size_t>(shape.element_count()))};
    for (float& value : host.values) {
      value = static_cast<float>(static_cast<double>(generator_()) * 0x1p-31 - 1.0) + offset;
      if (dtype == DType::bf16) value = float_from_bf16(bf16_from_float(value));
    }
    return host;
  }
  HostValues random(const Shape& shape) { return random(shape, backend.compute_dtype()); }

  Tensor upload(const HostValues& host, DType dtype) { return backend.upload(host.view(), dtype); }
  Tensor upload(const HostValues& host) { return upload(host, backend.compute_dtype()); }
  Tensor vector(const HostValues& host) { return upload(host, DType::f32); }

  std::vector<float> download(const Tensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.shape().element_count()));
    backend.download(tensor, values);
    return values;
  }

  /// |got - want| ≤ (roundings · unit of the compute dtype + depth · unit of f32) · magnitude.
  /// `roundings`: how often an implementation may round to the compute dtype; `depth`: f32 operations in a row.
  void check(const Tensor& tensor, const std::vector<Expected>& want, double roundings, double depth) {
    const std::vector<float> got = download(tensor);
    REQUIRE(got.size() == want.size());
    const double relative = roundings * rounding_unit(backend.compute_dtype()) + depth * kF32Unit;
    std::size_t worst = 0;
    double worst_ratio = -1;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double error = std::abs(static_cast<double>(got[i]) - want[i].value);
      const double ratio = error == 0 ? 0 : error / (relative * want[i].magnitude);
      if (ratio <= worst_ratio) continue;  // NaN goes on
      worst = i;
      worst_ratio = ratio;
      if (std::isnan(ratio)) break;
    }
    if (want.empty()) return;
    CAPTURE(worst);
    CAPTURE(got[worst]);
    CAPTURE(want[worst].value);
    const double tolerance = relative * want[worst].magnitude;
    CAPTURE(tolerance);
    CHECK(worst_ratio <= 1.0);
  }

  Backend& backend;

 private:
  std::mt19937 generator_{7};
};

inline double reference_activation(Activation act, double x) {
  switch (act) {
    case Activation::gelu_tanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
    case Activation::quick_gelu:
      return x / (1 + std::exp(-1.702 * x));
    case Activation::silu:
      return x / (1 + std::exp(-x));
    default:
      return x;
  }
}

/// The activation of a sum; its slope is below 1.2, so that the size of the terms still bounds the error.
inline Expected activated(Activation act, const Expected& sum) {
  return {reference_activation(act, sum.value), 1.2 * sum.magnitude};
}

}  // namespace palimpsest::testing
