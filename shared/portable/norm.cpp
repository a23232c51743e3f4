#include <cmath>
#include <vector>

#include "shared/portable/elements.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "shared/portable/norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "shared/portable/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {

/// (x - mean) / sqrt(variance + eps) · (weight + weight_offset) + bias
void layer_norm_row(const float* x, std::int64_t count, float eps, const float* weight, float weight_offset,
                    const float* bias, float* out) {
  const FloatTag d;
  const auto n = static_cast<std::size_t>(count);
  const float mean = sum_of(
                         n, [](FloatVector v) HWY_ATTR { return v; }, x) /
                     static_cast<float>(count);
  const FloatVector centre = hn::Set(d, mean);
  // Tail lanes are zero in x and would count as -mean: the squares of a tail are taken from a masked difference.
  const std::size_t whole = n - n % hn::Lanes(d);
  float squares = sum_of(
      whole,
      [centre](FloatVector v) HWY_ATTR {
        const FloatVector difference = hn::Sub(v, centre);
        return hn::Mul(difference, difference);
      },
      x);
  for (std::size_t i = whole; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const FloatVector factor = hn::Set(d, 1.0F / std::sqrt(squares / static_cast<float>(count) + eps));
  const FloatVector offset = hn::Set(d, weight_offset);
  map_values(
      n, out,
      [=](FloatVector v, FloatVector w, FloatVector b)
          HWY_ATTR { return hn::MulAdd(hn::Mul(hn::Sub(v, centre), factor), hn::Add(w, offset), b); },
      x, weight, bias);
}

void rms_norm_row(const float* x, std::int64_t count, float eps, const float* weight, float* out) {
  const FloatTag d;
  const auto n = static_cast<std::size_t>(count);
  const float squares = sum_of(
      n, [](FloatVector v) HWY_ATTR { return hn::Mul(v, v); }, x);
  const FloatVector factor = hn::Set(d, 1.0F / std::sqrt(squares / static_cast<float>(count) + eps));
  map_values(
      n, out, [factor](FloatVector v, FloatVector w) HWY_ATTR { return hn::Mul(hn::Mul(v, factor), w); }, x, weight);
}

void add_to_channels(const float* x, std::int64_t count, float* sums) {
  map_values(
      static_cast<std::size_t>(count), sums, [](FloatVector sum, FloatVector v) HWY_ATTR { return hn::Add(sum, v); },
      sums, x);
}

void add_squares_to_channels(const float* x, std::int64_t count, const float* mean, float* sums) {
  map_values(
      static_cast<std::size_t>(count), sums,
      [](FloatVector sum, FloatVector v, FloatVector m) HWY_ATTR {
        const FloatVector difference = hn::Sub(v, m);
        return hn::MulAdd(difference, difference, sum);
      },
      sums, x, mean);
}

void normalize_row(const float* x, std::int64_t count, const float* mean, const float* factor, const float* bias,
                   Activation act, float* out) {
  const auto n = static_cast<std::size_t>(count);
  map_values(
      n, out,
      [](FloatVector v, FloatVector m, FloatVector f, FloatVector b)
          HWY_ATTR { return hn::MulAdd(hn::Sub(v, m), f, b); },
      x, mean, factor, bias);
  activate_row(act, out, n);
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace palimpsest {
namespace {

HWY_EXPORT(layer_norm_row);
HWY_EXPORT(rms_norm_row);
HWY_EXPORT(add_to_channels);
HWY_EXPORT(add_squares_to_channels);
HWY_EXPORT(normalize_row);

/// Calls kernel(x_row, out_row) for rows [begin, end) as f32, through scratch space where they are not.
template <typename Kernel>
void for_f32_rows(const Tensor& x, const Tensor& out, std::int64_t begin, std::int64_t end, Kernel kernel) {
  const std::int64_t width = x.shape()[-1];
  FloatScratch scratch(2 * width);
  for (std::int64_t row = begin; row < end; ++row) {
    const Elements to = elements_of(out).at(row * width);
    float* out_row = output_row(to, scratch.data() + width);
    kernel(widened(elements_of(x).at(row * width), width, scratch.data()), out_row);
    written(out_row, width, to);
  }
}

/// Mean and sum of squared differences of one group.
struct Moments {
  double count = 0, mean = 0, squares = 0;

  /// Chan, Golub & LeVeque 1983: joins two samples without cancellation.
  void join(const Moments& other) {
    const double total = count + other.count;
    const double difference = other.mean - mean;
    squares += other.squares + difference * difference * count * other.count / total;
    mean += difference * other.count / total;
    count = total;
  }
};

/// Moments of each group over rows [begin, end) of x [rows, C].
std::vector<Moments> group_moments(const Elements& x, std::int64_t channels, std::int64_t groups, std::int64_t begin,
                                   std::int64_t end) {
  const std::int64_t group_width = channels / groups;
  const double count = static_cast<double>((end - begin) * group_width);
  std::vector<float> sums(static_cast<std::size_t>(channels)), means(sums.size()), row(sums.size());
  std::vector<Moments> moments(static_cast<std::size_t>(groups), Moments{count, 0, 0});
  for (std::int64_t r = begin; r < end; ++r) {
    HWY_DYNAMIC_DISPATCH(add_to_channels)(widened(x.at(r * channels), channels, row.data()), channels, sums.data());
  }
  for (std::int64_t c = 0; c < channels; ++c) {
    moments[static_cast<std::size_t>(c / group_width)].mean += sums[static_cast<std::size_t>(c)] / count;
  }
  for (std::int64_t c = 0; c < channels; ++c) {
    // Differences are taken from this f32 value, so it is the mean that the squares belong to.
    Moments& group = moments[static_cast<std::size_t>(c / group_width)];
    means[static_cast<std::size_t>(c)] = static_cast<float>(group.mean);
    sums[static_cast<std::size_t>(c)] = 0;
  }
  for (std::int64_t r = begin; r < end; ++r) {
    HWY_DYNAMIC_DISPATCH(add_squares_to_channels)
    (widened(x.at(r * channels), channels, row.data()), channels, means.data(), sums.data());
  }
  for (std::int64_t c = 0; c < channels; ++c) {
    moments[static_cast<std::size_t>(c / group_width)].squares += sums[static_cast<std::size_t>(c)];
  }
  return moments;
}

}  // namespace

Tensor PortableBackend::layer_norm(const Tensor& x, const Tensor* weight, const Tensor* bias, float eps) {
  check_float("layer_norm", x);
  if (weight != nullptr) check_channel_vector("layer_norm", x, *weight);
  if (bias != nullptr) check_channel_vector("layer_norm", x, *bias);
  const std::int64_t width = x.shape()[-1];
  const std::vector<float> zeros(static_cast<std::size_t>(width), 0.0F);
  const float* weights = weight != nullptr ? weight->data<float>() : zeros.data();
  const float* biases = bias != nullptr ? bias->data<float>() : zeros.data();
  const float weight_offset = weight != nullptr ? 0.0F : 1.0F;
  Tensor out = allocate(x.shape(), compute_dtype_);
  for_row_pieces(x.shape().row_count(), width, [&](std::int64_t begin, std::int64_t end) {
    for_f32_rows(x, out, begin, end, [&](const float* from, float* to) {
      HWY_DYNAMIC_DISPATCH(layer_norm_row)(from, width, eps, weights, weight_offset, biases, to);
    });
  });
  return out;
}

Tensor PortableBackend::modulated_norm(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  check_float("modulated_norm", x);
  check_channel_vector("modulated_norm", x, scale);
  check_channel_vector("modulated_norm", x, shift);
  const std::int64_t width = x.shape()[-1];
  Tensor out = allocate(x.shape(), compute_dtype_);
  for_row_pieces(x.shape().row_count(), width, [&](std::int64_t begin, std::int64_t end) {
    for_f32_rows(x, out, begin, end, [&](const float* from, float* to) {
      HWY_DYNAMIC_DISPATCH(layer_norm_row)
      (from, width, 1e-6F, scale.data<float>(), 1.0F, shift.data<float>(), to);
    });
  });
  return out;
}

Tensor PortableBackend::rms_norm(const Tensor& x, const Tensor& weight, float eps) {
  check_float("rms_norm", x);
  check_channel_vector("rms_norm", x, weight);
  const std::int64_t width = x.shape()[-1];
  Tensor out = allocate(x.shape(), compute_dtype_);
  for_row_pieces(x.shape().row_count(), width, [&](std::int64_t begin, std::int64_t end) {
    for_f32_rows(x, out, begin, end, [&](const float* from, float* to) {
      HWY_DYNAMIC_DISPATCH(rms_norm_row)(from, width, eps, weight.data<float>(), to);
    });
  });
  return out;
}

Tensor PortableBackend::group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias,
                                   float eps, Activation act) {
  check_float("group_norm", x);
  check_group_norm(x, groups, weight, bias);
  const std::int64_t channels = x.shape()[2];
  const std::int64_t rows = x.shape().row_count();
  const std::int64_t piece = std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, channels));
  std::vector<std::vector<Moments>> parts(static_cast<std::size_t>((rows + piece - 1) / piece));
  parallel_.run(static_cast<std::int64_t>(parts.size()), [&](std::int64_t i) {
    parts[static_cast<std::size_t>(i)] =
        group_moments(elements_of(x), channels, groups, i * piece, std::min(rows, (i + 1) * piece));
  });
  std::vector<float> means(static_cast<std::size_t>(channels)), factors(means.size());
  for (std::int64_t g = 0; g < groups && !parts.empty(); ++g) {
    Moments all;
    for (const auto& part : parts) all.join(part[static_cast<std::size_t>(g)]);
    const double factor = 1.0 / std::sqrt(all.squares / all.count + static_cast<double>(eps));
    for (std::int64_t c = g * (channels / groups); c < (g + 1) * (channels / groups); ++c) {
      means[static_cast<std::size_t>(c)] = static_cast<float>(all.mean);
      factors[static_cast<std::size_t>(c)] = static_cast<float>(factor * static_cast<double>(weight.data<float>()[c]));
    }
  }
  Tensor out = allocate(x.shape(), compute_dtype_);
  for_row_pieces(rows, channels, [&](std::int64_t begin, std::int64_t end) {
    for_f32_rows(x, out, begin, end, [&](const float* from, float* to) {
      HWY_DYNAMIC_DISPATCH(normalize_row)(from, channels, means.data(), factors.data(), bias.data<float>(), act, to);
    });
  });
  return out;
}

}  // namespace palimpsest
#endif
