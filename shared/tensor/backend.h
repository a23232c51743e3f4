#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "shared/tensor/tensor.h"

namespace palimpsest {

// Shape letters used everywhere: N batch, T tokens, C channels, K outputs, H heads, D head width.
// Pictures and feature maps are [height, width, C] (channels last), token sequences [T, C].

enum class Activation {
  none,
  gelu_tanh,   ///< x/2 * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), "gelu_new"
  quick_gelu,  ///< x * sigmoid(1.702 x)
  silu,        ///< x * sigmoid(x)
};

/// Weights of a linear layer in a backend's own packing; made by prepare_linear, opaque to everyone else.
class LinearWeight {
 public:
  LinearWeight(std::int64_t in_features, std::int64_t out_features) : in_(in_features), out_(out_features) {}
  virtual ~LinearWeight() = default;
  std::int64_t in_features() const { return in_; }
  std::int64_t out_features() const { return out_; }

 private:
  std::int64_t in_, out_;
};
using LinearWeightPtr = std::shared_ptr<const LinearWeight>;

/// Weights of a square convolution in a backend's own packing; made by prepare_conv.
class ConvWeight {
 public:
  ConvWeight(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel_size)
      : in_(in_channels), out_(out_channels), kernel_size_(kernel_size) {}
  virtual ~ConvWeight() = default;
  std::int64_t in_channels() const { return in_; }
  std::int64_t out_channels() const { return out_; }
  std::int64_t kernel_size() const { return kernel_size_; }

 private:
  std::int64_t in_, out_, kernel_size_;
};
using ConvWeightPtr = std::shared_ptr<const ConvWeight>;

struct ConvOptions {
  int stride = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;  ///< zeros added at each side
};

struct AttentionOptions {
  float scale = 1.0F;                     ///< factor on q·k before the softmax
  bool causal = false;                    ///< query t sees keys 0..t only
  const Tensor* relative_bias = nullptr;  ///< f32 [H, 2T-1], added to the score at column (key - query + T - 1)
  std::int64_t first_query = 0;           ///< queries before it are skipped; the output has T - first_query rows
};

struct MemoryUse {
  std::size_t weight_bytes = 0;           ///< held by prepared weights
  std::size_t activation_bytes = 0;       ///< held by live tensors
  std::size_t peak_activation_bytes = 0;  ///< most ever held by live tensors since the last reset
};

/// Every operation the networks are made of.
///
/// Tensors are dense, row-major and live on the backend that made them; only upload and download see host memory.
/// Activations have compute_dtype() (f32 or bf16) unless an op says otherwise; sums are taken in f32. Norm weights,
/// biases, modulation vectors and rotation tables are f32. Ops may be asynchronous; download waits.
/// An object belongs to one thread at a time.
///
/// Errors: every op throws PalimpsestError: `invalid_value` if shapes or dtypes disagree with its text
/// (message "[op] …"), `out_of_memory` with the bytes needed, `device_error` on a vendor failure.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;
  virtual DType compute_dtype() const = 0;

  // ---- memory

  /// Uninitialised tensor of `dtype`.
  virtual Tensor allocate(const Shape& shape, DType dtype) = 0;
  /// Copy of host data, converted to `dtype`. Host f32, f16, bf16 to f32 or bf16; i32 stays i32.
  virtual Tensor upload(const HostView& host, DType dtype) = 0;
  /// Copies to host memory as f32; `out` has exactly the tensor's element count. Waits for the work before it.
  virtual void download(const Tensor& tensor, std::span<float> out) = 0;
  /// Copies a tensor into another of the same shape, converting the dtype. Used for writing into row views.
  virtual void copy(const Tensor& source, Tensor& destination) = 0;
  virtual void synchronize() = 0;
  virtual MemoryUse memory_use() const = 0;
  virtual void reset_peak_memory() = 0;

  // ---- weights

  /// Packs a linear layer whose weight [K, C] is given as parts stacked along K, each f32, f16 or bf16, with or
  /// without as many bias parts ([K] in all). The host data may go away afterwards.
  virtual LinearWeightPtr prepare_linear(std::span<const HostView> weights, std::span<const HostView> biases) = 0;
  /// Packs a convolution. weight [K, C, kernel, kernel], bias [K] (as in checkpoints).
  virtual ConvWeightPtr prepare_conv(const HostView& weight, const HostView& bias) = 0;

  // ---- linear

  /// out[:, out_column : out_column + K] = act(x·Wᵀ + b).  x [T, C] in f32 or the compute dtype; out [T, ≥ K] of
  /// f32 or the compute dtype; other columns of out are left alone.
  virtual void linear(const Tensor& x, const LinearWeight& w, Activation act, Tensor& out, std::int64_t out_column) = 0;
  /// residual += gate ⊙ (x·Wᵀ + b).  x [T, C], residual [T, K], gate f32 [K] or nullptr for ones.
  virtual void linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, Tensor& residual);

  // ---- attention

  /// Softmax attention of every token with every token.  qkv [T, 3·H·D]: per row all q heads, then k, then v;
  /// out[:, out_column : out_column + H·D] of T - first_query rows.
  virtual void attention(const Tensor& qkv, std::int64_t heads, const AttentionOptions& options, Tensor& out,
                         std::int64_t out_column) = 0;
  /// In the q and k parts of qkv [T, 3·H·D]: RMS norm over each head (eps 1e-6, weights f32 [D]), then rotation by
  /// pe f32 [T, D/2, 2] = (cos, sin) of adjacent pairs.  Source: flux/modules/layers.py QKNorm, flux/math.py
  /// apply_rope.
  virtual void qk_norm_rope(Tensor& qkv, std::int64_t heads, const Tensor& q_weight, const Tensor& k_weight,
                            const Tensor& pe);
  /// Rotates adjacent pairs.  x [T, H, D] in place, pe f32 [T, D/2, 2].
  virtual void rope(Tensor& x, const Tensor& pe) = 0;

  // ---- norms; x [T, C] (group_norm: [height, width, C]), statistics in f32

  /// (x - mean) / sqrt(variance + eps), times weight plus bias (f32 [C]) where given.
  virtual Tensor layer_norm(const Tensor& x, const Tensor* weight, const Tensor* bias, float eps) = 0;
  /// LayerNorm(x)·(1 + scale) + shift, no affine, eps 1e-6; scale and shift f32 [C].
  /// Source: flux/modules/layers.py DoubleStreamBlock; adaLN-Zero, Peebles & Xie 2023, section 3.2.
  virtual Tensor modulated_norm(const Tensor& x, const Tensor& scale, const Tensor& shift);
  /// x / sqrt(mean(x²) + eps) · weight, weight f32 [C].
  virtual Tensor rms_norm(const Tensor& x, const Tensor& weight, float eps) = 0;
  /// Normalises `groups` equal runs of channels over the whole picture, weight and bias f32 [C], then the activation.
  virtual Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias, float eps,
                            Activation act) = 0;

  // ---- convolution and layout of pictures

  /// Convolution with bias; x [height, width, C]; the result has K channels. With `residual` (shape of the result)
  /// it is added.
  virtual Tensor conv2d(const Tensor& x, const ConvWeight& w, const ConvOptions& options, const Tensor* residual) = 0;
  /// [h, w, C] to [2h, 2w, C] by repetition.
  virtual Tensor upsample_nearest_2x(const Tensor& x) = 0;

  // ---- element-wise, in place

  virtual void activate(Tensor& x, Activation act) = 0;
  virtual void add(Tensor& x, const Tensor& y) = 0;
  virtual void multiply(Tensor& x, const Tensor& y) = 0;
  /// Row-wise x·(1 + scale) + shift; scale and shift f32 [C].
  virtual void scale_shift(Tensor& x, const Tensor& scale, const Tensor& shift) = 0;
  /// x += gate ⊙ y, gate f32 [C].
  virtual void add_gated(Tensor& x, const Tensor& y, const Tensor& gate) = 0;

  // ---- columns and lookup

  /// Columns [begin, begin + count) of x [T, C] as a new tensor.
  virtual Tensor slice_columns(const Tensor& x, std::int64_t begin, std::int64_t count) = 0;
  /// Overwrites columns [begin, begin + columns of part) of x.
  virtual void write_columns(Tensor& x, std::int64_t begin, const Tensor& part) = 0;
  /// Rows of table [V, C] (f32 or compute dtype) chosen by ids i32 [T]; result in the compute dtype.
  /// Errors: `invalid_value` for an id outside of [0, V).
  virtual Tensor embedding(const Tensor& table, const Tensor& ids) = 0;

  // ---- conveniences over the ops above

  /// The tensor's elements as f32 in host memory. Waits for the work before it.
  std::vector<float> to_host(const Tensor& tensor);

  /// A new tensor of the compute dtype holding act(x·Wᵀ + b).
  Tensor linear(const Tensor& x, const LinearWeight& w, Activation act = Activation::none);
};

}  // namespace palimpsest
