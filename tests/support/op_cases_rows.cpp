#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/support/op_cases.h"
#include "tests/support/op_test_values.h"

namespace palimpsest::testing {
namespace {

// ---- rotation

/// Rotates the pair that element i of a head belongs to and returns element i of it.
Expected rotated(const HostValues& pe, std::int64_t token, std::int64_t width, std::int64_t i, double even,
                 double odd) {
  const std::int64_t at = token * width + i / 2 * 2;
  Expected sum;
  sum.add(i % 2 == 0 ? even * pe[at] : odd * pe[at]);
  sum.add(i % 2 == 0 ? -odd * pe[at + 1] : even * pe[at + 1]);
  return sum;
}

void rope(OpTest& t) {
  for (const std::int64_t width : {2, 16, 38, 128}) {
    CAPTURE(width);
    const HostValues x = t.random({5, 3, width}), pe = rotation_table(t, 5, width);
    std::vector<Expected> want;
    for (std::int64_t i = 0; i < 15 * width; ++i) {
      const std::int64_t even = i / 2 * 2;
      want.push_back(rotated(pe, i / (3 * width), width, i % width, x[even], x[even + 1]));
    }
    Tensor out = t.upload(x);
    t.backend.rope(out, t.vector(pe));
    t.check(out, want, 1, 3);
  }
}

void qk_norm_rope(OpTest& t) {
  const std::int64_t tokens = 7, heads = 3, width = 24, row = 3 * heads * width;
  const HostValues qkv = t.random({tokens, row}), pe = rotation_table(t, tokens, width);
  const HostValues weights[] = {t.random({width}, DType::f32), t.random({width}, DType::f32)};
  std::vector<Expected> want;
  for (std::int64_t i = 0; i < tokens * row; ++i) {
    const std::int64_t part = i % row / (heads * width);
    if (part == 2) {
      want.push_back({qkv[i], 0});
      continue;
    }
    const std::int64_t head = i / width * width, even = i / 2 * 2;
    double squares = 0;
    for (std::int64_t c = 0; c < width; ++c) squares += double{qkv[head + c]} * qkv[head + c];
    const double factor = 1 / std::sqrt(squares / static_cast<double>(width) + 1e-6);
    const HostValues& weight = weights[part];
    want.push_back(rotated(pe, i / row, width, i % width, qkv[even] * factor * weight[even % width],
                           qkv[even + 1] * factor * weight[(even + 1) % width]));
  }
  Tensor fused = t.upload(qkv), composed = t.upload(qkv);
  t.backend.qk_norm_rope(fused, heads, t.vector(weights[0]), t.vector(weights[1]), t.vector(pe));
  t.check(fused, want, 2, static_cast<double>(width) + 6);
  t.backend.Backend::qk_norm_rope(composed, heads, t.vector(weights[0]), t.vector(weights[1]), t.vector(pe));
  t.check(composed, want, 2, static_cast<double>(width) + 6);
}

// ---- norms

/// (x - mean)·factor·weight + bias of values [begin, begin + count) that are `stride` apart; the magnitude is that of
/// the terms x and mean, since their difference may cancel.
struct Normalization {
  double mean = 0, factor = 0;

  Expected operator()(double x, double weight, double bias) const {
    const double scale = factor * weight;
    return {(x - mean) * scale + bias, (std::abs(x) + std::abs(mean)) * std::abs(scale) + std::abs(bias)};
  }
};

Normalization moments_of(const std::vector<double>& values, double eps, bool centred) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double count = static_cast<double>(values.size());
  const double mean = centred ? sum / count : 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, 1 / std::sqrt(squares / count + eps)};
}

using ChannelValue = std::function<double(std::int64_t)>;

std::vector<Expected> reference_row_norm(const HostValues& x, double eps, bool centred, const ChannelValue& weight,
                                         const ChannelValue& bias) {
  const std::int64_t width = x.shape[1];
  std::vector<Expected> want;
  for (std::int64_t row = 0; row < x.shape[0]; ++row) {
    const auto* first = x.values.data() + row * width;
    const Normalization norm = moments_of({first, first + width}, eps, centred);
    for (std::int64_t c = 0; c < width; ++c) want.push_back(norm(first[c], weight(c), bias(c)));
  }
  return want;
}

double constant_one(std::int64_t) {
  return 1;
}
double constant_zero(std::int64_t) {
  return 0;
}

void layer_norm(OpTest& t) {
  for (const std::int64_t width : {1, 7, 64, 259}) {
    CAPTURE(width);
    const HostValues x = t.random({11, width}, t.backend.compute_dtype(), 3.0F);
    const HostValues weight = t.random({width}, DType::f32), bias = t.random({width}, DType::f32);
    const Tensor w = t.vector(weight), b = t.vector(bias);
    const double depth = 2 * static_cast<double>(width) + 6;
    t.check(t.backend.layer_norm(t.upload(x), nullptr, nullptr, 1e-3F),
            reference_row_norm(x, 1e-3F, true, constant_one, constant_zero), 1, depth);
    t.check(t.backend.layer_norm(t.upload(x), &w, &b, 1e-3F),
            reference_row_norm(
                x, 1e-3F, true, [&](auto c) { return double{weight[c]}; }, [&](auto c) { return double{bias[c]}; }),
            1, depth);
  }
}

void modulated_norm(OpTest& t) {
  const std::int64_t width = 100;
  const HostValues x = t.random({9, width}), scale = t.random({width}, DType::f32);
  const HostValues shift = t.random({width}, DType::f32);
  const auto want = reference_row_norm(
      x, 1e-6F, true, [&](auto c) { return 1 + double{scale[c]}; }, [&](auto c) { return double{shift[c]}; });
  const double depth = 2.0 * width + 8;
  t.check(t.backend.modulated_norm(t.upload(x), t.vector(scale), t.vector(shift)), want, 1, depth);
  t.check(t.backend.Backend::modulated_norm(t.upload(x), t.vector(scale), t.vector(shift)), want, 2, depth);
}

void rms_norm(OpTest& t) {
  for (const std::int64_t width : {1, 24, 131}) {
    CAPTURE(width);
    const HostValues x = t.random({6, width}), weight = t.random({width}, DType::f32);
    t.check(t.backend.rms_norm(t.upload(x), t.vector(weight), 1e-6F),
            reference_row_norm(
                x, 1e-6F, false, [&](auto c) { return double{weight[c]}; }, constant_zero),
            1, static_cast<double>(width) + 6);
  }
}

void check_group_norm_case(OpTest& t, const Shape& shape, std::int64_t groups, Activation act) {
  CAPTURE(shape.to_string());
  const std::int64_t channels = shape[2], group_width = channels / groups;
  const HostValues x = t.random(shape, t.backend.compute_dtype(), 2.0F);
  const HostValues weight = t.random({channels}, DType::f32), bias = t.random({channels}, DType::f32);
  std::vector<std::vector<double>> members(static_cast<std::size_t>(groups));
  for (std::int64_t i = 0; i < shape.element_count(); ++i) {
    members[static_cast<std::size_t>(i % channels / group_width)].push_back(x[i]);
  }
  std::vector<Normalization> norms;
  for (const auto& values : members) norms.push_back(moments_of(values, 1e-6F, true));
  std::vector<Expected> want;
  for (std::int64_t i = 0; i < shape.element_count(); ++i) {
    const std::int64_t c = i % channels;
    want.push_back(activated(act, norms[static_cast<std::size_t>(c / group_width)](x[i], weight[c], bias[c])));
  }
  // Sums run over runs of at most 32768 values before they are joined in double.
  const double depth = 2 * std::min<double>(32768, static_cast<double>(members[0].size())) + 8;
  t.check(t.backend.group_norm(t.upload(x), groups, t.vector(weight), t.vector(bias), 1e-6F, act), want, 2, depth);
}

void group_norm(OpTest& t) {
  check_group_norm_case(t, {3, 5, 8}, 2, Activation::none);
  check_group_norm_case(t, {4, 4, 32}, 32, Activation::silu);
  check_group_norm_case(t, {37, 41, 48}, 4, Activation::silu);
}

void upsample_nearest_2x(OpTest& t) {
  const HostValues x = t.random({3, 4, 5});
  std::vector<Expected> want;
  for (std::int64_t i = 0; i < 240; ++i) {
    const std::int64_t y = i / 40 / 2, column = i / 5 % 8 / 2;
    want.push_back({x[(y * 4 + column) * 5 + i % 5], 0});
  }
  const Tensor out = t.backend.upsample_nearest_2x(t.upload(x));
  CHECK(out.shape() == Shape{6, 8, 5});
  t.check(out, want, 0, 0);
}

// ---- element-wise

void activate(OpTest& t) {
  for (const Activation act : {Activation::none, Activation::gelu_tanh, Activation::quick_gelu, Activation::silu}) {
    CAPTURE(static_cast<int>(act));
    HostValues x = t.random({23, 47});
    for (std::size_t i = 0; i < x.values.size(); i += 3) x.values[i] *= i % 2 == 0 ? 16.0F : 128.0F;
    std::vector<Expected> want;
    for (const float value : x.values) want.push_back(activated(act, {value, std::abs(value)}));
    Tensor out = t.upload(x);
    t.backend.activate(out, act);
    t.check(out, want, 1, 16);
  }
}

void element_wise(OpTest& t) {
  const std::int64_t width = 37;
  const HostValues x = t.random({50, width}), y = t.random({50, width});
  const HostValues a = t.random({width}, DType::f32), b = t.random({width}, DType::f32);
  std::vector<Expected> added, multiplied, scaled, gated;
  for (std::int64_t i = 0; i < 50 * width; ++i) {
    const double u = x[i], v = y[i], p = a[i % width], q = b[i % width];
    added.push_back({u + v, std::abs(u) + std::abs(v)});
    multiplied.push_back({u * v, std::abs(u * v)});
    scaled.push_back({u * (1 + p) + q, std::abs(u) * (1 + std::abs(p)) + std::abs(q)});
    gated.push_back({u + p * v, std::abs(u) + std::abs(p * v)});
  }
  Tensor sum = t.upload(x), product = t.upload(x), affine = t.upload(x), residual = t.upload(x);
  t.backend.add(sum, t.upload(y));
  t.check(sum, added, 1, 0.5);
  t.backend.multiply(product, t.upload(y));
  t.check(product, multiplied, 1, 0.5);
  t.backend.scale_shift(affine, t.vector(a), t.vector(b));
  t.check(affine, scaled, 1, 3);
  t.backend.add_gated(residual, t.upload(y), t.vector(a));
  t.check(residual, gated, 1, 2);
}

constexpr OpCase kRowCases[] = {
    {"rope", rope},
    {"qk_norm_rope", qk_norm_rope},
    {"layer_norm", layer_norm},
    {"modulated_norm", modulated_norm},
    {"rms_norm", rms_norm},
    {"group_norm", group_norm},
    {"upsample_nearest_2x", upsample_nearest_2x},
    {"activate", activate},
    {"element-wise", element_wise},
};

}  // namespace

std::span<const OpCase> row_op_cases() {
  return kRowCases;
}

}  // namespace palimpsest::testing
