#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "tests/support/op_cases.h"
#include "tests/support/op_test_values.h"

namespace palimpsest::testing {
namespace {

// ---- linear

std::vector<Expected> reference_linear(const HostValues& x, const HostValues& w, const HostValues* bias,
                                       Activation act) {
  const std::int64_t rows = x.shape[0], depth = x.shape[1], outputs = w.shape[0];
  std::vector<Expected> want;
  for (std::int64_t t = 0; t < rows; ++t) {
    for (std::int64_t k = 0; k < outputs; ++k) {
      Expected sum;
      for (std::int64_t c = 0; c < depth; ++c) sum.add(double{x[t * depth + c]} * w[k * depth + c]);
      if (bias != nullptr) sum.add((*bias)[k]);
      want.push_back(activated(act, sum));
    }
  }
  return want;
}

void linear_sizes(OpTest& t) {
  struct Size {
    std::int64_t rows, depth, outputs;
  };
  // Single rows and columns, sizes beside tile and block borders, odd depths, several blocks of depth.
  for (const Size& size : {Size{1, 1, 1}, Size{1, 768, 70}, Size{5, 3, 9}, Size{13, 257, 33}, Size{100, 64, 130},
                           Size{97, 520, 31}, Size{2, 255, 600}}) {
    CAPTURE(size.rows);
    CAPTURE(size.depth);
    CAPTURE(size.outputs);
    const HostValues x = t.random({size.rows, size.depth}), w = t.random({size.outputs, size.depth});
    const HostValues bias = t.random({size.outputs}, DType::f32);
    const Tensor y = t.backend.linear(t.upload(x), *prepare(t.backend, w, &bias));
    CHECK(y.dtype() == t.backend.compute_dtype());
    t.check(y, reference_linear(x, w, &bias, Activation::none), 1, static_cast<double>(size.depth) + 1);
  }
}

void linear_activations(OpTest& t) {
  const HostValues x = t.random({17, 40}), w = t.random({24, 40});
  const LinearWeightPtr weight = prepare(t.backend, w, nullptr);
  for (const Activation act : {Activation::none, Activation::gelu_tanh, Activation::quick_gelu, Activation::silu}) {
    CAPTURE(static_cast<int>(act));
    t.check(t.backend.linear(t.upload(x), *weight, act), reference_linear(x, w, nullptr, act), 2, 50);
  }
}

void linear_writes_columns(OpTest& t) {
  const HostValues x = t.random({9, 20}, DType::f32), w = t.random({6, 20});
  const std::vector<Expected> product = reference_linear(x, w, nullptr, Activation::none);
  const HostValues before = t.random({9, 11}, DType::bf16);
  for (const DType out_dtype : {DType::f32, t.backend.compute_dtype()}) {
    Tensor out = t.upload(before, out_dtype);
    t.backend.linear(t.upload(x, DType::f32), *prepare(t.backend, w, nullptr), Activation::none, out, 3);
    std::vector<Expected> want;
    for (std::int64_t i = 0; i < 99; ++i) {
      const std::int64_t column = i % 11 - 3;
      const bool written = column >= 0 && column < 6;
      want.push_back(written ? product[static_cast<std::size_t>(i / 11 * 6 + column)] : Expected{before[i], 0});
    }
    // A backend may round an f32 x to its compute dtype.
    t.check(out, want, 2, 21);
  }
}

/// Values k/128 as f32, f16 and bf16: all exact.
void linear_stacks_parts_of_any_dtype(OpTest& t) {
  HostValues w = t.random({12, 7}, DType::f32);
  for (float& value : w.values) value = std::round(value * 100.0F) / 128.0F;
  std::vector<std::uint16_t> halves, brains;
  for (std::int64_t i = 0; i < 28; ++i) {
    const float value = w[28 + i];
    int exponent = 0;
    const auto mantissa = static_cast<std::uint32_t>(std::abs(std::frexp(value, &exponent)) * 2048.0F);
    const std::uint32_t magnitude =
        value == 0 ? 0 : (static_cast<std::uint32_t>(exponent + 14) << 10) + (mantissa - 1024U);
    halves.push_back(static_cast<std::uint16_t>(magnitude | (value < 0 ? 0x8000U : 0U)));
    brains.push_back(bf16_from_float(w[56 + i]));
  }
  // The bf16 part begins at an odd address, as it may in a file.
  std::vector<std::byte> odd(57);
  std::memcpy(odd.data() + 1, brains.data(), 56);
  const HostView parts[] = {w.view().rows(0, 4),
                            {DType::f16, {4, 7}, std::as_bytes(std::span(halves))},
                            {DType::bf16, {4, 7}, std::span(odd).subspan(1)}};
  const HostValues bias = t.random({12}, DType::f32);
  const HostView biases[] = {bias.view().rows(0, 5), bias.view().rows(5, 7)};
  const HostValues x = t.random({3, 7});
  const LinearWeightPtr weight = t.backend.prepare_linear(parts, biases);
  CHECK(weight->in_features() == 7);
  CHECK(weight->out_features() == 12);
  t.check(t.backend.linear(t.upload(x), *weight), reference_linear(x, w, &bias, Activation::none), 1, 8);
}

void linear_residual(OpTest& t) {
  const HostValues x = t.random({30, 65}), w = t.random({21, 65}), residual = t.random({30, 21});
  const HostValues bias = t.random({21}, DType::f32), gate = t.random({21}, DType::f32);
  const LinearWeightPtr weight = prepare(t.backend, w, &bias);
  const Tensor gate_tensor = t.vector(gate);
  for (const bool gated : {false, true}) {
    CAPTURE(gated);
    std::vector<Expected> want = reference_linear(x, w, &bias, Activation::none);
    for (std::int64_t i = 0; i < 630; ++i) {
      Expected& sum = want[static_cast<std::size_t>(i)];
      const double factor = gated ? gate[i % 21] : 1.0;
      sum = {sum.value * factor, sum.magnitude * std::abs(factor)};
      sum.add(residual[i]);
    }
    Tensor out = t.upload(residual);
    t.backend.linear_residual(t.upload(x), *weight, gated ? &gate_tensor : nullptr, out);
    t.check(out, want, 3, 68);
  }
}

// ---- attention

struct AttentionCase {
  std::int64_t tokens, heads, width;
  bool causal = false, biased = false;
  std::int64_t first_query = 0;
};

/// Scores of one query, and the largest sum of absolute terms among them.
std::vector<double> reference_scores(const HostValues& qkv, const HostValues& bias, const AttentionCase& c,
                                     double scale, std::int64_t head, std::int64_t query, double& largest) {
  const std::int64_t row = 3 * c.heads * c.width;
  std::vector<double> scores;
  for (std::int64_t key = 0; key < (c.causal ? query + 1 : c.tokens); ++key) {
    Expected score;
    for (std::int64_t i = 0; i < c.width; ++i) {
      score.add(scale * qkv[query * row + head * c.width + i] * qkv[key * row + (c.heads + head) * c.width + i]);
    }
    if (c.biased) score.add(bias[head * (2 * c.tokens - 1) + key - query + c.tokens - 1]);
    largest = std::max(largest, score.magnitude);
    scores.push_back(score.value);
  }
  return scores;
}

void check_attention_case(OpTest& t, const AttentionCase& c) {
  CAPTURE(c.tokens);
  CAPTURE(c.width);
  CAPTURE(c.causal);
  CAPTURE(c.biased);
  CAPTURE(c.first_query);
  const std::int64_t width = c.heads * c.width, queries = c.tokens - c.first_query;
  const HostValues qkv = t.random({c.tokens, 3 * width});
  const HostValues bias = t.random({c.heads, 2 * c.tokens - 1}, DType::f32);
  const double scale = 2 / std::sqrt(static_cast<double>(c.width));
  std::vector<Expected> want(static_cast<std::size_t>(queries * (width + 1)), Expected{0.5, 0});
  double largest = 0;
  for (std::int64_t q = 0; q < queries; ++q) {
    for (std::int64_t head = 0; head < c.heads; ++head) {
      const std::vector<double> scores = reference_scores(qkv, bias, c, scale, head, q + c.first_query, largest);
      const double maximum = *std::max_element(scores.begin(), scores.end());
      double total = 0;
      for (const double score : scores) total += std::exp(score - maximum);
      for (std::int64_t i = 0; i < c.width; ++i) {
        Expected sum;
        for (std::size_t key = 0; key < scores.size(); ++key) {
          sum.add(std::exp(scores[key] - maximum) / total *
                  qkv[static_cast<std::int64_t>(key) * 3 * width + 2 * width + head * c.width + i]);
        }
        want[static_cast<std::size_t>(q * (width + 1) + 1 + head * c.width + i)] = sum;
      }
    }
  }
  HostValues before{{queries, width + 1}, std::vector<float>(want.size(), 0.5F)};
  Tensor out = t.upload(before);
  const Tensor bias_tensor = t.vector(bias);
  AttentionOptions options;
  options.scale = static_cast<float>(scale);
  options.causal = c.causal;
  options.first_query = c.first_query;
  if (c.biased) options.relative_bias = &bias_tensor;
  t.backend.attention(t.upload(qkv), c.heads, options, out, 1);
  // An error of a score is a relative error of its weight; scores and weights may be rounded to the compute dtype.
  t.check(out, want, 3 + 2 * largest, static_cast<double>(c.tokens) + 8 + 2 * largest * static_cast<double>(c.width));
}

void attention(OpTest& t) {
  for (const AttentionCase& c :
       {AttentionCase{1, 1, 2}, AttentionCase{40, 2, 16}, AttentionCase{70, 3, 6}, AttentionCase{300, 1, 32},
        AttentionCase{33, 2, 64}, AttentionCase{29, 2, 128}, AttentionCase{20, 1, 512}, AttentionCase{77, 2, 16, true},
        AttentionCase{270, 1, 4, true}, AttentionCase{45, 3, 8, false, true},
        AttentionCase{37, 2, 32, false, false, 30}, AttentionCase{40, 2, 4, true, true, 11}}) {
    check_attention_case(t, c);
  }
}

void attention_survives_large_scores(OpTest& t) {
  // Scores of about 3000 overflow an exponential that does not subtract the maximum first.
  HostValues qkv{{2, 6}, {64, 0, 48, 0, 1, 2, 0, 64, 0, 48, 3, 4}};
  Tensor out = t.backend.allocate({2, 2}, t.backend.compute_dtype());
  t.backend.attention(t.upload(qkv), 1, {}, out, 0);
  t.check(out, {{1, 1}, {2, 2}, {3, 3}, {4, 4}}, 1, 4);
}

// ---- pictures

std::vector<Expected> reference_conv(const HostValues& x, const HostValues& w, const HostValues& bias,
                                     const ConvOptions& o, const Shape& result) {
  const std::int64_t kernel = w.shape[2], channels = w.shape[1];
  std::vector<Expected> want;
  for (std::int64_t i = 0; i < result.element_count(); ++i) {
    const std::int64_t k = i % result[2];
    const std::int64_t top = i / result[2] / result[1] * o.stride - o.pad_top;
    const std::int64_t left = i / result[2] % result[1] * o.stride - o.pad_left;
    Expected sum;
    sum.add(bias[k]);
    for (std::int64_t tap = 0; tap < kernel * kernel; ++tap) {
      const std::int64_t y = top + tap / kernel, column = left + tap % kernel;
      if (y < 0 || y >= x.shape[0] || column < 0 || column >= x.shape[1]) continue;
      for (std::int64_t c = 0; c < channels; ++c) {
        sum.add(double{x[(y * x.shape[1] + column) * channels + c]} * w[(k * channels + c) * kernel * kernel + tap]);
      }
    }
    want.push_back(sum);
  }
  return want;
}

void check_conv_case(OpTest& t, const Shape& shape, std::int64_t outputs, std::int64_t kernel,
                     const ConvOptions& options, const Shape& result) {
  CAPTURE(shape.to_string());
  CAPTURE(kernel);
  const HostValues x = t.random(shape), w = t.random({outputs, shape[2], kernel, kernel});
  const HostValues bias = t.random({outputs}, DType::f32), residual = t.random(result);
  const ConvWeightPtr weight = t.backend.prepare_conv(w.view(), bias.view());
  std::vector<Expected> want = reference_conv(x, w, bias, options, result);
  const double depth = static_cast<double>(shape[2] * kernel * kernel) + 3;
  const Tensor plain = t.backend.conv2d(t.upload(x), *weight, options, nullptr);
  CHECK(plain.shape() == result);
  t.check(plain, want, 1, depth);
  for (std::size_t i = 0; i < want.size(); ++i) want[i].add(residual.values[i]);
  const Tensor residual_tensor = t.upload(residual);
  t.check(t.backend.conv2d(t.upload(x), *weight, options, &residual_tensor), want, 2, depth);
}

void conv2d(OpTest& t) {
  check_conv_case(t, {6, 5, 4}, 3, 1, {}, {6, 5, 3});
  check_conv_case(t, {7, 9, 3}, 20, 3, {1, 1, 1, 1, 1}, {7, 9, 20});
  check_conv_case(t, {5, 4, 40}, 33, 3, {1, 1, 1, 1, 1}, {5, 4, 33});
  // The AutoEncoder's way down: stride 2, zeros at the right and bottom only.
  check_conv_case(t, {8, 6, 5}, 7, 3, {2, 0, 0, 1, 1}, {4, 3, 7});
  check_conv_case(t, {9, 8, 2}, 2, 4, {3, 2, 1, 0, 3}, {3, 3, 2});
  check_conv_case(t, {3, 3, 6}, 5, 3, {}, {1, 1, 5});
}

constexpr OpCase kProductCases[] = {
    {"linear, sizes", linear_sizes},
    {"linear, activations", linear_activations},
    {"linear, into columns", linear_writes_columns},
    {"linear, stacked parts of any dtype", linear_stacks_parts_of_any_dtype},
    {"linear_residual", linear_residual},
    {"attention", attention},
    {"attention, large scores", attention_survives_large_scores},
    {"conv2d", conv2d},
};

}  // namespace

std::span<const OpCase> product_op_cases() {
  return kProductCases;
}

}  // namespace palimpsest::testing
