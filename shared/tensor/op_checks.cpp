#include "shared/tensor/op_checks.h"

#include <string>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

[[noreturn]] void refuse(const char* op, const std::string& reason) {
  fail(codes::kInvalidValue, "[" + std::string(op) + "] " + reason);
}

void check_rank(const char* op, const char* what, const Tensor& x, int rank) {
  if (x.shape().rank() != rank) {
    refuse(op, std::string(what) + " " + x.shape().to_string() + " must have " + std::to_string(rank) + " dimensions");
  }
}

void check_output_columns(const char* op, const Tensor& out, std::int64_t rows, std::int64_t out_column,
                          std::int64_t columns) {
  check_rank(op, "out", out, 2);
  if (out.shape()[0] != rows || out_column < 0 || out_column > out.shape()[1] - columns) {
    refuse(op, "out " + out.shape().to_string() + " cannot take " + std::to_string(rows) + " rows of " +
                   std::to_string(columns) + " columns at column " + std::to_string(out_column));
  }
}

}  // namespace

void check_float(const char* op, const Tensor& x) {
  if (x.empty()) refuse(op, "a tensor is empty");
  if (x.dtype() != DType::f32 && x.dtype() != DType::bf16) {
    refuse(op, "a tensor of " + std::string(name_of(x.dtype())) + " must be f32 or bf16");
  }
}

void check_linear(const Tensor& x, const LinearWeight& w, const Tensor& out, std::int64_t out_column) {
  check_float("linear", x);
  check_float("linear", out);
  check_rank("linear", "x", x, 2);
  if (x.shape()[1] != w.in_features()) {
    refuse("linear", "x " + x.shape().to_string() + " and weight (" + std::to_string(w.out_features()) + ", " +
                         std::to_string(w.in_features()) + ") differ in input width");
  }
  check_output_columns("linear", out, x.shape()[0], out_column, w.out_features());
}

void check_linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, const Tensor& residual) {
  check_linear(x, w, residual, 0);
  if (residual.shape()[1] != w.out_features()) {
    refuse("linear_residual",
           "residual " + residual.shape().to_string() + " must have " + std::to_string(w.out_features()) + " columns");
  }
  if (gate != nullptr) check_channel_vector("linear_residual", residual, *gate);
}

std::int64_t check_attention(const Tensor& qkv, std::int64_t heads, const AttentionOptions& options, const Tensor& out,
                             std::int64_t out_column) {
  check_float("attention", qkv);
  check_float("attention", out);
  check_rank("attention", "qkv", qkv, 2);
  const std::int64_t tokens = qkv.shape()[0];
  if (heads < 1 || qkv.shape()[1] % (3 * heads) != 0) {
    refuse("attention",
           "qkv " + qkv.shape().to_string() + " does not split into q, k and v of " + std::to_string(heads) + " heads");
  }
  if (options.first_query < 0 || options.first_query > tokens) {
    refuse("attention", "first_query " + std::to_string(options.first_query) + " is outside of " +
                            std::to_string(tokens) + " tokens");
  }
  if (options.relative_bias != nullptr && options.relative_bias->dtype() != DType::f32) {
    refuse("attention", "relative_bias must be f32, not " + std::string(name_of(options.relative_bias->dtype())));
  }
  if (options.relative_bias != nullptr && options.relative_bias->shape() != Shape{heads, 2 * tokens - 1}) {
    refuse("attention", "relative_bias " + options.relative_bias->shape().to_string() + " must be " +
                            Shape{heads, 2 * tokens - 1}.to_string());
  }
  check_output_columns("attention", out, tokens - options.first_query, out_column, qkv.shape()[1] / 3);
  return qkv.shape()[1] / (3 * heads);
}

void check_rope(const Tensor& x, const Tensor& pe) {
  check_rank("rope", "x", x, 3);
  if (pe.dtype() != DType::f32 || x.shape()[2] % 2 != 0 || pe.shape() != Shape{x.shape()[0], x.shape()[2] / 2, 2}) {
    refuse("rope", "x " + x.shape().to_string() + " and pe " + pe.shape().to_string() + " (f32) do not fit");
  }
}

void check_qk_norm_rope(const Tensor& qkv, std::int64_t heads, const Tensor& q_weight, const Tensor& k_weight,
                        const Tensor& pe) {
  check_rank("qk_norm_rope", "qkv", qkv, 2);
  const std::int64_t width = qkv.shape()[1];
  if (heads < 1 || width % (3 * heads) != 0 || (width / (3 * heads)) % 2 != 0) {
    refuse("qk_norm_rope", "qkv " + qkv.shape().to_string() + " does not split into q, k and v of " +
                               std::to_string(heads) + " heads of even width");
  }
  const std::int64_t head_width = width / (3 * heads);
  const bool f32_weights = q_weight.dtype() == DType::f32 && k_weight.dtype() == DType::f32;
  if (!f32_weights || q_weight.shape() != Shape{head_width} || k_weight.shape() != Shape{head_width}) {
    refuse("qk_norm_rope", "the norm weights " + q_weight.shape().to_string() + " and " + k_weight.shape().to_string() +
                               " must be f32 (" + std::to_string(head_width) + ")");
  }
  if (pe.dtype() != DType::f32 || pe.shape() != Shape{qkv.shape()[0], head_width / 2, 2}) {
    refuse("qk_norm_rope", "pe " + pe.shape().to_string() + " does not fit qkv " + qkv.shape().to_string());
  }
}

void check_channel_vector(const char* op, const Tensor& x, const Tensor& vector) {
  if (vector.dtype() != DType::f32 || vector.shape().element_count() != x.shape()[-1]) {
    refuse(op, "a channel vector " + vector.shape().to_string() + " (" + std::string(name_of(vector.dtype())) +
                   ") must be f32 with one value for each channel of " + x.shape().to_string());
  }
}

void check_group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias) {
  check_rank("group_norm", "x", x, 3);
  if (groups < 1 || x.shape()[2] % groups != 0) {
    refuse("group_norm",
           "the channels of " + x.shape().to_string() + " do not split into " + std::to_string(groups) + " groups");
  }
  check_channel_vector("group_norm", x, weight);
  check_channel_vector("group_norm", x, bias);
}

Shape check_conv2d(const Tensor& x, const ConvWeight& w, const ConvOptions& options, const Tensor* residual) {
  check_rank("conv2d", "x", x, 3);
  if (x.shape()[2] != w.in_channels()) {
    refuse("conv2d", "x " + x.shape().to_string() + " has not the weight's " + std::to_string(w.in_channels()) +
                         " input channels");
  }
  if (options.pad_top < 0 || options.pad_left < 0 || options.pad_bottom < 0 || options.pad_right < 0) {
    refuse("conv2d", "padding must not be negative");
  }
  if (options.stride < 1) refuse("conv2d", "the stride must be at least 1");
  const std::int64_t rows = x.shape()[0] + options.pad_top + options.pad_bottom - w.kernel_size();
  const std::int64_t columns = x.shape()[1] + options.pad_left + options.pad_right - w.kernel_size();
  if (rows < 0 || columns < 0) {
    refuse("conv2d",
           "x " + x.shape().to_string() + " is smaller than the kernel of " + std::to_string(w.kernel_size()));
  }
  const Shape result{rows / options.stride + 1, columns / options.stride + 1, w.out_channels()};
  if (residual != nullptr && residual->shape() != result) {
    refuse("conv2d", "residual " + residual->shape().to_string() + " must be " + result.to_string());
  }
  return result;
}

void check_same_shape(const char* op, const Tensor& x, const Tensor& y) {
  if (x.shape() != y.shape()) {
    refuse(op, "the shapes " + x.shape().to_string() + " and " + y.shape().to_string() + " differ");
  }
}

void check_columns(const char* op, const Tensor& x, std::int64_t begin, std::int64_t count) {
  check_rank(op, "x", x, 2);
  if (begin < 0 || count < 0 || begin > x.shape()[1] - count) {
    refuse(op, "columns [" + std::to_string(begin) + ", " + std::to_string(begin + count) + ") are outside of " +
                   x.shape().to_string());
  }
}

void check_embedding(const Tensor& table, const Tensor& ids) {
  check_rank("embedding", "table", table, 2);
  check_rank("embedding", "ids", ids, 1);
  if (ids.dtype() != DType::i32) refuse("embedding", "ids must be i32, not " + std::string(name_of(ids.dtype())));
}

Shape check_linear_parts(std::span<const HostView> weights, std::span<const HostView> biases) {
  if (weights.empty()) refuse("prepare_linear", "there is no weight");
  std::int64_t rows = 0;
  for (const HostView& part : weights) {
    if (part.shape.rank() != 2 || part.shape[1] != weights[0].shape[-1]) {
      refuse("prepare_linear",
             "weight parts " + weights[0].shape.to_string() + " and " + part.shape.to_string() + " do not stack");
    }
    rows += part.shape[0];
  }
  std::int64_t bias_length = 0;
  for (const HostView& part : biases) bias_length += part.shape.element_count();
  if (!biases.empty() && bias_length != rows) {
    refuse("prepare_linear",
           "a bias of " + std::to_string(bias_length) + " values does not fit " + std::to_string(rows) + " outputs");
  }
  return {rows, weights[0].shape[1]};
}

void check_conv_parts(const HostView& weight, const HostView& bias) {
  if (weight.shape.rank() != 4 || weight.shape[2] != weight.shape[3] || bias.shape.element_count() != weight.shape[0]) {
    refuse("prepare_conv", "weight " + weight.shape.to_string() + " and bias " + bias.shape.to_string() +
                               " are not those of a square convolution");
  }
}

}  // namespace palimpsest
