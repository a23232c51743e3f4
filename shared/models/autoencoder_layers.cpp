#include "shared/models/autoencoder_layers.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace palimpsest {
namespace {

constexpr float kNormEps = 1e-6F;
// A strip of a feature map: 16 MiB in f32. Chosen from shapes alone, so that it never changes a result.
constexpr std::int64_t kStripElements = std::int64_t{4} << 20;

std::int64_t strip_rows(std::int64_t width, std::int64_t channels) {
  return std::max<std::int64_t>(1, kStripElements / (width * channels));
}

// Zeros around the picture, but not where a strip meets its neighbours.
ConvOptions same_size(bool at_top, bool at_bottom) {
  ConvOptions options;
  options.pad_left = options.pad_right = 1;
  options.pad_top = at_top ? 1 : 0;
  options.pad_bottom = at_bottom ? 1 : 0;
  return options;
}

/// Per channel, in double.
struct Sums {
  explicit Sums(std::size_t channels) : value(channels), square(channels) {}

  void add(std::span<const float> values) {
    for (std::size_t i = 0; i < values.size(); i += value.size()) {
      for (std::size_t c = 0; c < value.size(); ++c) {
        const double x = values[i + c];
        value[c] += x;
        square[c] += x * x;
      }
    }
  }

  std::vector<double> value, square;
};

}  // namespace

NormConv::NormConv(WeightLoader& weights, const std::string& norm_name, const std::string& conv_name,
                   std::int64_t in_channels, std::int64_t out_channels, std::int64_t groups)
    : groups_(groups),
      weight_(weights.vector(norm_name + ".weight", in_channels)),
      bias_(weights.vector(norm_name + ".bias", in_channels)),
      host_weight_(weights.host_values(norm_name + ".weight", {in_channels})),
      host_bias_(weights.host_values(norm_name + ".bias", {in_channels})),
      conv_(weights.conv(conv_name, in_channels, out_channels, 3)) {}

// The group norm of the whole map as x·(1 + scale) + shift for each channel.
NormConv::Affine NormConv::whole_map_norm(Backend& backend, const Tensor& x, const StopToken& stop) const {
  const std::int64_t height = x.shape()[0], width = x.shape()[1], channels = x.shape()[2];
  const std::int64_t rows = strip_rows(width, channels);
  Sums sums(static_cast<std::size_t>(channels));
  std::vector<float> strip(static_cast<std::size_t>(std::min(rows, height) * width * channels));
  for (std::int64_t begin = 0; begin < height; begin += rows) {
    stop.check();
    const std::int64_t count = std::min(rows, height - begin);
    const std::span<float> values(strip.data(), static_cast<std::size_t>(count * width * channels));
    backend.download(x.rows(begin, count), values);
    sums.add(values);
  }
  const auto per_group = static_cast<std::size_t>(channels / groups_);
  const double elements = static_cast<double>(height * width) * static_cast<double>(per_group);
  std::vector<float> scale(sums.value.size()), shift(sums.value.size());
  for (std::size_t first = 0; first < scale.size(); first += per_group) {
    double value = 0, square = 0;
    for (std::size_t c = first; c < first + per_group; ++c) {
      value += sums.value[c];
      square += sums.square[c];
    }
    const double mean = value / elements;
    const double deviation = std::sqrt(std::max(0.0, square / elements - mean * mean) + double{kNormEps});
    for (std::size_t c = first; c < first + per_group; ++c) {
      const double factor = double{host_weight_[c]} / deviation;
      scale[c] = static_cast<float>(factor - 1.0);
      shift[c] = static_cast<float>(double{host_bias_[c]} - mean * factor);
    }
  }
  return {backend.upload(view_of(scale, {channels}), DType::f32),
          backend.upload(view_of(shift, {channels}), DType::f32)};
}

// What the convolution reads for rows [begin, end): they and a neighbour on each side.
Tensor NormConv::normalised_strip(Backend& backend, const Tensor& x, const Affine& affine, std::int64_t begin,
                                  std::int64_t end) const {
  const std::int64_t first = std::max<std::int64_t>(0, begin - 1), last = std::min(x.shape()[0], end + 1);
  Tensor strip = backend.allocate(x.shape().with_first(last - first), backend.compute_dtype());
  backend.copy(x.rows(first, last - first), strip);
  Tensor pixels = strip.reshaped({strip.shape().row_count(), strip.shape()[2]});
  backend.scale_shift(pixels, affine.scale, affine.shift);
  backend.activate(pixels, Activation::silu);
  return strip;
}

void NormConv::in_strips(Backend& backend, const Tensor& x, const ResidualRows& residual, const StopToken& stop,
                         Tensor& out) const {
  const std::int64_t height = x.shape()[0], rows = strip_rows(x.shape()[1], x.shape()[2]);
  const Affine affine = whole_map_norm(backend, x, stop);
  Tensor next = normalised_strip(backend, x, affine, 0, std::min(rows, height));
  for (std::int64_t begin = 0; begin < height; begin += rows) {
    stop.check();
    const std::int64_t end = std::min(begin + rows, height);
    const Tensor strip = std::exchange(next, Tensor());
    // Read before this strip's rows are written: out may be x.
    if (end < height) next = normalised_strip(backend, x, affine, end, std::min(end + rows, height));
    const Tensor added = residual ? residual(begin, end - begin) : Tensor();
    const Tensor result =
        backend.conv2d(strip, *conv_, same_size(begin == 0, end == height), residual ? &added : nullptr);
    Tensor destination = out.rows(begin, end - begin);
    backend.copy(result, destination);
  }
}

Tensor NormConv::forward(Backend& backend, const Tensor& x, const StopToken& stop) const {
  const std::int64_t height = x.shape()[0], width = x.shape()[1];
  if (height <= strip_rows(width, x.shape()[2])) {
    const Tensor normed = backend.group_norm(x, groups_, weight_, bias_, kNormEps, Activation::silu);
    return backend.conv2d(normed, *conv_, same_size(true, true), nullptr);
  }
  Tensor out = backend.allocate({height, width, conv_->out_channels()}, backend.compute_dtype());
  in_strips(backend, x, nullptr, stop, out);
  return out;
}

void NormConv::forward_in_place(Backend& backend, Tensor& x, const ResidualRows& residual,
                                const StopToken& stop) const {
  const std::int64_t height = x.shape()[0];
  if (height <= strip_rows(x.shape()[1], x.shape()[2])) {
    const Tensor normed = backend.group_norm(x, groups_, weight_, bias_, kNormEps, Activation::silu);
    const Tensor added = residual(0, height);
    x = backend.conv2d(normed, *conv_, same_size(true, true), &added);
    return;
  }
  in_strips(backend, x, residual, stop, x);
}

ResnetBlock::ResnetBlock(WeightLoader& weights, const std::string& name, std::int64_t in_channels,
                         std::int64_t out_channels, std::int64_t groups)
    : first_(weights, name + ".norm1", name + ".conv1", in_channels, out_channels, groups),
      second_(weights, name + ".norm2", name + ".conv2", out_channels, out_channels, groups) {
  // A 1x1 convolution is a linear layer on each pixel.
  if (in_channels != out_channels) nin_shortcut_ = weights.linear(name + ".nin_shortcut", in_channels, {out_channels});
}

Tensor ResnetBlock::forward(Backend& backend, Tensor x, const StopToken& stop) const {
  Tensor h = first_.forward(backend, x, stop);
  const auto shortcut = [&](std::int64_t begin, std::int64_t count) {
    const Tensor rows = x.rows(begin, count);
    if (nin_shortcut_ == nullptr) return rows;
    const Tensor pixels = rows.reshaped({rows.shape().row_count(), rows.shape()[2]});
    return backend.linear(pixels, *nin_shortcut_).reshaped({count, rows.shape()[1], nin_shortcut_->out_features()});
  };
  second_.forward_in_place(backend, h, shortcut, stop);
  return h;
}

AttnBlock::AttnBlock(WeightLoader& weights, const std::string& name, std::int64_t channels, std::int64_t groups)
    : groups_(groups),
      norm_weight_(weights.vector(name + ".norm.weight", channels)),
      norm_bias_(weights.vector(name + ".norm.bias", channels)),
      qkv_(weights.stacked_linear({name + ".q", name + ".k", name + ".v"}, channels, channels,
                                  WeightLoader::Bias::present)),
      proj_out_(weights.linear(name + ".proj_out", channels, {channels})) {}

void AttnBlock::forward(Backend& backend, Tensor& x) const {
  const Shape pixels_shape{x.shape().row_count(), x.shape()[2]};
  Tensor attention = backend.allocate(pixels_shape, backend.compute_dtype());
  {
    const Tensor normed = backend.group_norm(x, groups_, norm_weight_, norm_bias_, kNormEps, Activation::none);
    const Tensor qkv = backend.linear(normed.reshaped(pixels_shape), *qkv_);
    AttentionOptions options;
    options.scale = 1.0F / std::sqrt(static_cast<float>(x.shape()[2]));
    backend.attention(qkv, 1, options, attention, 0);
  }
  Tensor pixels = x.reshaped(pixels_shape);
  backend.linear_residual(attention, *proj_out_, nullptr, pixels);
}

MidBlock::MidBlock(WeightLoader& weights, const std::string& name, std::int64_t channels, std::int64_t groups)
    : block_1_(weights, name + ".block_1", channels, channels, groups),
      attn_1_(weights, name + ".attn_1", channels, groups),
      block_2_(weights, name + ".block_2", channels, channels, groups) {}

Tensor MidBlock::forward(Backend& backend, Tensor x, const StopToken& stop) const {
  x = block_1_.forward(backend, std::move(x), stop);
  stop.check();
  attn_1_.forward(backend, x);
  stop.check();
  return block_2_.forward(backend, std::move(x), stop);
}

Tensor downsample(Backend& backend, const Tensor& x, const ConvWeight& conv) {
  ConvOptions options;
  options.stride = 2;
  // Trap: zeros on the right and at the bottom only, not all around.
  options.pad_right = options.pad_bottom = 1;
  return backend.conv2d(x, conv, options, nullptr);
}

Tensor upsample(Backend& backend, const Tensor& x, const ConvWeight& conv, const StopToken& stop) {
  const std::int64_t height = x.shape()[0], width = x.shape()[1];
  // Rows of x a strip; each gives two rows of twice the width.
  const std::int64_t rows = std::max<std::int64_t>(1, strip_rows(4 * width, x.shape()[2]));
  Tensor out = backend.allocate({2 * height, 2 * width, conv.out_channels()}, backend.compute_dtype());
  for (std::int64_t begin = 0; begin < height; begin += rows) {
    stop.check();
    const std::int64_t end = std::min(begin + rows, height);
    const std::int64_t first = std::max<std::int64_t>(0, begin - 1), last = std::min(height, end + 1);
    const Tensor doubled = backend.upsample_nearest_2x(x.rows(first, last - first));
    // One row more than the strip on each side where there is one; doubling a neighbour gave two.
    const std::int64_t top = std::max<std::int64_t>(0, 2 * begin - 1), bottom = std::min(2 * height, 2 * end + 1);
    const Tensor strip = doubled.rows(top - 2 * first, bottom - top);
    Tensor destination = out.rows(2 * begin, 2 * (end - begin));
    backend.copy(backend.conv2d(strip, conv, same_size(begin == 0, end == height), nullptr), destination);
  }
  return out;
}

}  // namespace palimpsest
