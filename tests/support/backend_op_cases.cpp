#include "tests/support/backend_op_cases.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "shared/base/error.h"
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

LinearWeightPtr prepare(Backend& backend, const HostValues& w, const HostValues* bias) {
  const HostView weights[] = {w.view()};
  if (bias == nullptr) return backend.prepare_linear(weights, {});
  const HostView biases[] = {bias->view()};
  return backend.prepare_linear(weights, biases);
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

// ---- rotation

HostValues rotation_table(OpTest& t, std::int64_t tokens, std::int64_t width) {
  HostValues pe = t.random({tokens, width / 2, 2}, DType::f32);
  for (std::size_t i = 0; i < pe.values.size(); i += 2) {
    const float angle = pe.values[i] * 3.0F;
    pe.values[i] = std::cos(angle);
    pe.values[i + 1] = std::sin(angle);
  }
  return pe;
}

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

// ---- memory, columns and lookup

void transfers(OpTest& t) {
  const HostValues x = t.random({3, 2000}, DType::f32);
  std::vector<Expected> want;
  for (const float value : x.values) want.push_back({value, std::abs(value)});
  t.check(t.upload(x), want, 1, 0);
  Tensor wide = t.backend.allocate({6, 2000}, DType::f32), rows = wide.rows(3, 3);
  t.backend.copy(t.upload(x), rows);
  t.check(wide.rows(3, 3), want, 1, 0);
  Tensor narrow = t.backend.allocate({3, 2000}, t.backend.compute_dtype());
  t.backend.copy(rows, narrow);
  t.check(narrow, want, 1, 0);
  const std::vector<std::int32_t> ids = {1, -7, 1 << 20};
  t.check(t.backend.upload(view_of(ids, {3}), DType::i32), {{1, 0}, {-7, 0}, {1 << 20, 0}}, 0, 0);
}

void columns(OpTest& t) {
  const HostValues x = t.random({13, 30}), part = t.random({13, 4});
  std::vector<Expected> sliced, written;
  for (std::int64_t i = 0; i < 13 * 9; ++i) sliced.push_back({x[i / 9 * 30 + 5 + i % 9], 0});
  for (std::int64_t i = 0; i < 13 * 30; ++i) {
    const std::int64_t column = i % 30 - 26;
    written.push_back({column >= 0 ? part[i / 30 * 4 + column] : x[i], 0});
  }
  t.check(t.backend.slice_columns(t.upload(x), 5, 9), sliced, 0, 0);
  Tensor out = t.upload(x);
  t.backend.write_columns(out, 26, t.upload(part));
  t.check(out, written, 0, 0);
}

void embedding(OpTest& t) {
  const HostValues table = t.random({9, 21});
  const std::vector<std::int32_t> ids = {8, 0, 3, 3};
  std::vector<Expected> want;
  for (std::int64_t i = 0; i < 84; ++i) want.push_back({table[ids[static_cast<std::size_t>(i / 21)] * 21 + i % 21], 0});
  const Tensor chosen = t.backend.upload(view_of(ids, {4}), DType::i32);
  for (const DType dtype : {DType::f32, t.backend.compute_dtype()}) {
    const Tensor out = t.backend.embedding(t.upload(table, dtype), chosen);
    CHECK(out.dtype() == t.backend.compute_dtype());
    t.check(out, want, 0, 0);
  }
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const PalimpsestError& error) {
    return error.error().code;
  }
  return "no refusal";
}

void refusals(OpTest& t) {
  Backend& b = t.backend;
  const std::string invalid(codes::kInvalidValue);
  Tensor x = t.upload(t.random({4, 6})), other = t.upload(t.random({4, 5}));
  const Tensor short_vector = t.vector(t.random({5}, DType::f32));
  const HostValues w = t.random({3, 5});
  CHECK(refusal([&] { b.linear(x, *prepare(b, w, nullptr)); }) == invalid);
  CHECK(refusal([&] { b.attention(x, 4, {}, other, 0); }) == invalid);
  CHECK(refusal([&] { b.rms_norm(x, short_vector, 1e-6F); }) == invalid);
  CHECK(refusal([&] { b.layer_norm(x, &short_vector, nullptr, 1e-6F); }) == invalid);
  CHECK(refusal([&] { b.modulated_norm(x, short_vector, short_vector); }) == invalid);
  CHECK(refusal([&] { b.add(x, other); }) == invalid);
  CHECK(refusal([&] { b.multiply(x, other); }) == invalid);
  CHECK(refusal([&] { b.scale_shift(x, short_vector, short_vector); }) == invalid);
  CHECK(refusal([&] { b.add_gated(x, x, short_vector); }) == invalid);
  CHECK(refusal([&] { b.slice_columns(x, 3, 4); }) == invalid);
  CHECK(refusal([&] { b.write_columns(x, 2, other); }) == invalid);
  CHECK(refusal([&] { b.copy(other, x); }) == invalid);
  const Tensor ids = b.upload(view_of(std::vector<std::int32_t>{0, 4}, {2}), DType::i32);
  CHECK(refusal([&] { b.embedding(x, ids); }) == invalid);
  CHECK(refusal([&] { b.activate(const_cast<Tensor&>(ids), Activation::silu); }) == invalid);
  const std::vector<std::byte> doubles(16);
  CHECK(refusal([&] { b.upload({DType::f64, {2}, doubles}, DType::f32); }) == invalid);
  std::vector<float> short_span(3);
  CHECK(refusal([&] { b.download(x, short_span); }) == invalid);
  const std::int64_t absurd = std::int64_t{1} << 61;
  CHECK(refusal([&] { b.allocate({absurd}, DType::f32); }) == codes::kOutOfMemory);
}

void memory_use(OpTest& t) {
  const MemoryUse before = t.backend.memory_use();
  {
    const Tensor x = t.backend.allocate({1000, 100}, DType::f32);
    CHECK(t.backend.memory_use().activation_bytes >= before.activation_bytes + 400000);
  }
  CHECK(t.backend.memory_use().activation_bytes == before.activation_bytes);
  CHECK(t.backend.memory_use().peak_activation_bytes >= before.activation_bytes + 400000);
  t.backend.reset_peak_memory();
  CHECK(t.backend.memory_use().peak_activation_bytes == before.activation_bytes);
  const HostValues w = t.random({64, 64});
  const LinearWeightPtr weight = prepare(t.backend, w, nullptr);
  CHECK(t.backend.memory_use().weight_bytes >= before.weight_bytes + 64 * 64 * 2);
}

struct OpCase {
  const char* name;
  void (*run)(OpTest&);
};

constexpr OpCase kCases[] = {
    {"linear, sizes", linear_sizes},
    {"linear, activations", linear_activations},
    {"linear, into columns", linear_writes_columns},
    {"linear, stacked parts of any dtype", linear_stacks_parts_of_any_dtype},
    {"linear_residual", linear_residual},
    {"attention", attention},
    {"attention, large scores", attention_survives_large_scores},
    {"rope", rope},
    {"qk_norm_rope", qk_norm_rope},
    {"layer_norm", layer_norm},
    {"modulated_norm", modulated_norm},
    {"rms_norm", rms_norm},
    {"group_norm", group_norm},
    {"conv2d", conv2d},
    {"upsample_nearest_2x", upsample_nearest_2x},
    {"activate", activate},
    {"element-wise", element_wise},
    {"upload, download, copy", transfers},
    {"slice_columns, write_columns", columns},
    {"embedding", embedding},
    {"refusals", refusals},
    {"memory use", memory_use},
};

}  // namespace

void check_backend_ops(const BackendFactory& make_backend) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const OpCase& op : kCases) {
      const std::string name = std::string(op.name) + " in " + std::string(name_of(dtype));
      SUBCASE(name.c_str()) {
        const std::unique_ptr<Backend> backend = make_backend(dtype);
        REQUIRE(backend->compute_dtype() == dtype);
        CAPTURE(name);
        OpTest test(*backend);
        op.run(test);
        backend->synchronize();
      }
    }
  }
}

std::vector<float> all_op_results(Backend& backend) {
  OpTest t(backend);
  std::vector<float> results;
  const auto keep = [&](const Tensor& tensor) {
    const std::vector<float> values = t.download(tensor);
    results.insert(results.end(), values.begin(), values.end());
  };
  const std::int64_t tokens = 260, width = 192;
  Tensor x = t.upload(t.random({tokens, width}));
  const Tensor vector = t.vector(t.random({width}, DType::f32));
  const HostValues w = t.random({3 * width, width}), back = t.random({width, 3 * width});
  Tensor qkv = backend.linear(x, *prepare(backend, w, nullptr), Activation::gelu_tanh);
  keep(qkv);
  backend.linear_residual(qkv, *prepare(backend, back, nullptr), &vector, x);
  keep(x);
  backend.qk_norm_rope(qkv, 3, t.vector(t.random({64}, DType::f32)), t.vector(t.random({64}, DType::f32)),
                       t.vector(rotation_table(t, tokens, 64)));
  keep(qkv);
  Tensor out = backend.allocate({tokens, width}, backend.compute_dtype());
  backend.attention(qkv, 3, {}, out, 0);
  keep(out);
  keep(backend.layer_norm(x, &vector, &vector, 1e-6F));
  keep(backend.modulated_norm(x, vector, vector));
  keep(backend.rms_norm(x, vector, 1e-6F));
  backend.add_gated(x, out, vector);
  keep(x);
  const Tensor picture = t.upload(t.random({40, 40, 64}));
  const Tensor channels = t.vector(t.random({64}, DType::f32));
  keep(backend.group_norm(picture, 32, channels, channels, 1e-6F, Activation::silu));
  const HostValues kernel = t.random({32, 64, 3, 3}), bias = t.random({32}, DType::f32);
  keep(backend.conv2d(picture, *backend.prepare_conv(kernel.view(), bias.view()), {1, 1, 1, 1, 1}, nullptr));
  keep(backend.upsample_nearest_2x(picture));
  return results;
}

}  // namespace palimpsest::testing
