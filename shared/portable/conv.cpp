// Convolution as a matrix product over the windows of the picture. Windows are gathered into the blocks of the product
// as it needs them, so that no unfolded copy of the picture ever exists.
#include <algorithm>

#include "shared/portable/gemm.h"
#include "shared/portable/packed_weights.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

namespace palimpsest {
namespace {

/// Row r is the window of output pixel r: columns run over kernel rows, kernel columns, channels.
class Windows final : public RowSource {
 public:
  Windows(const Tensor& x, std::int64_t kernel_size, const ConvOptions& options, std::int64_t out_width)
      : x_(elements_of(x)),
        height_(x.shape()[0]),
        width_(x.shape()[1]),
        channels_(x.shape()[2]),
        kernel_size_(kernel_size),
        options_(options),
        out_width_(out_width) {}

  void read(std::int64_t row, std::int64_t begin, std::int64_t count, float* to) const override {
    const std::int64_t top = row / out_width_ * options_.stride - options_.pad_top;
    const std::int64_t left = row % out_width_ * options_.stride - options_.pad_left;
    const std::int64_t run = kernel_size_ * channels_;  // a row of the window lies in one piece in the picture
    while (count > 0) {
      const std::int64_t within = begin % run;
      const std::int64_t part = std::min(count, run - within);
      read_picture_row(top + begin / run, left * channels_ + within, part, to);
      to += part;
      begin += part;
      count -= part;
    }
  }

 private:
  /// Values [begin, begin + count) of a row of the picture, zero where they are outside of it.
  void read_picture_row(std::int64_t y, std::int64_t begin, std::int64_t count, float* to) const {
    const std::int64_t length = width_ * channels_;
    if (y < 0 || y >= height_) {
      std::fill_n(to, count, 0.0F);
      return;
    }
    const std::int64_t before = std::clamp<std::int64_t>(-begin, 0, count);
    const std::int64_t after = std::clamp<std::int64_t>(begin + count - length, 0, count - before);
    const std::int64_t inside = count - before - after;
    std::fill_n(to, before, 0.0F);
    if (inside > 0) widen(x_.at(y * length + begin + before), inside, to + before);
    std::fill_n(to + before + inside, after, 0.0F);
  }

  Elements x_;
  std::int64_t height_, width_, channels_, kernel_size_;
  ConvOptions options_;
  std::int64_t out_width_;
};

/// The weight [K, C, kernel, kernel] of a file in the order of Windows.
class WindowWeights final : public RowSource {
 public:
  explicit WindowWeights(const HostView& weight)
      : weight_{const_cast<std::byte*>(weight.bytes.data()), weight.dtype},
        channels_(weight.shape[1]),
        taps_(weight.shape[2] * weight.shape[3]) {}

  void read(std::int64_t row, std::int64_t begin, std::int64_t count, float* to) const override {
    for (std::int64_t i = begin; i < begin + count; ++i) {
      const std::int64_t tap = i / channels_, channel = i % channels_;
      widen(weight_.at((row * channels_ + channel) * taps_ + tap), 1, to++);
    }
  }

 private:
  Elements weight_;
  std::int64_t channels_, taps_;
};

}  // namespace

ConvWeightPtr PortableBackend::prepare_conv(const HostView& weight, const HostView& bias) {
  check_conv_parts(weight, bias);
  const DType dtype = weight.dtype == DType::bf16 ? DType::bf16 : compute_dtype_;
  const DenseRows bias_row({const_cast<std::byte*>(bias.bytes.data()), bias.dtype}, weight.shape[0]);
  const std::int64_t depth = weight.shape[1] * weight.shape[2] * weight.shape[3];
  return std::make_shared<PackedConv>(
      pack_matrix(*memory_, parallel_, weight.shape[0], depth, WindowWeights(weight), &bias_row, dtype),
      weight.shape[1], weight.shape[2]);
}

Tensor PortableBackend::conv2d(const Tensor& x, const ConvWeight& w, const ConvOptions& options,
                               const Tensor* residual) {
  check_float("conv2d", x);
  const Shape result = check_conv2d(x, w, options, residual);
  Tensor out = allocate(result, compute_dtype_);
  const Windows windows(x, w.kernel_size(), options, result[1]);
  const std::int64_t channels = w.out_channels();
  Epilogue epilogue{Activation::none, nullptr, {}, channels, elements_of(out), channels};
  if (residual != nullptr) epilogue.addend = elements_of(*residual);
  multiply_rows(parallel_, windows, result.row_count(), dynamic_cast<const PackedConv&>(w).matrix(), epilogue);
  return out;
}

}  // namespace palimpsest
