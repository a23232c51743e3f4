// shared/portable: every op on the CPU in Google Highway kernels, the same for native programs (which choose the best
// instruction set when they start) and for WebAssembly. All other backends are held to this one.
// native/backends, web/engine and programs include this header; kernels are private to the folder, one file for each
// family of ops. Start with portable_backend.h, then linear.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "shared/portable/host_memory.h"
#include "shared/tensor/backend.h"
#include "shared/tensor/parallel.h"

namespace palimpsest {

/// Backend on the CPU. Tensors lie in host memory (Tensor::data gives host pointers), sums are taken in f32, and every
/// result has the same bits for any number of threads. Another CPU backend may derive from it and override single ops.
class PortableBackend : public Backend {
 public:
  /// `parallel` must outlive the backend. Errors: `invalid_value` if `compute_dtype` is neither f32 nor bf16.
  PortableBackend(Parallel& parallel, DType compute_dtype);

  std::string_view name() const override { return "portable"; }
  DType compute_dtype() const override { return compute_dtype_; }

  Tensor allocate(const Shape& shape, DType dtype) override;
  Tensor upload(const HostView& host, DType dtype) override;
  void download(const Tensor& tensor, std::span<float> out) override;
  void copy(const Tensor& source, Tensor& destination) override;
  void synchronize() override {}
  MemoryUse memory_use() const override { return memory_->use(); }
  void reset_peak_memory() override { memory_->reset_peak(); }

  /// Weights stay bf16 where all parts are bf16 or the compute dtype is; otherwise they are held in f32.
  LinearWeightPtr prepare_linear(std::span<const HostView> weights, std::span<const HostView> biases) override;
  ConvWeightPtr prepare_conv(const HostView& weight, const HostView& bias) override;

  using Backend::linear;
  void linear(const Tensor& x, const LinearWeight& w, Activation act, Tensor& out, std::int64_t out_column) override;
  void linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, Tensor& residual) override;

  void attention(const Tensor& qkv, std::int64_t heads, const AttentionOptions& options, Tensor& out,
                 std::int64_t out_column) override;
  void qk_norm_rope(Tensor& qkv, std::int64_t heads, const Tensor& q_weight, const Tensor& k_weight,
                    const Tensor& pe) override;
  void rope(Tensor& x, const Tensor& pe) override;

  Tensor layer_norm(const Tensor& x, const Tensor* weight, const Tensor* bias, float eps) override;
  Tensor modulated_norm(const Tensor& x, const Tensor& scale, const Tensor& shift) override;
  Tensor rms_norm(const Tensor& x, const Tensor& weight, float eps) override;
  Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias, float eps,
                    Activation act) override;

  Tensor conv2d(const Tensor& x, const ConvWeight& w, const ConvOptions& options, const Tensor* residual) override;
  Tensor upsample_nearest_2x(const Tensor& x) override;

  void activate(Tensor& x, Activation act) override;
  void add(Tensor& x, const Tensor& y) override;
  void multiply(Tensor& x, const Tensor& y) override;
  void scale_shift(Tensor& x, const Tensor& scale, const Tensor& shift) override;
  void add_gated(Tensor& x, const Tensor& y, const Tensor& gate) override;

  Tensor slice_columns(const Tensor& x, std::int64_t begin, std::int64_t count) override;
  void write_columns(Tensor& x, std::int64_t begin, const Tensor& part) override;
  Tensor embedding(const Tensor& table, const Tensor& ids) override;

 protected:
  Parallel& parallel() { return parallel_; }
  HostMemory& memory() { return *memory_; }
  /// Calls task(begin, end) over pieces of `rows` rows, so many rows to a piece that it has work worth a thread.
  /// The pieces depend on the sizes alone.
  void for_row_pieces(std::int64_t rows, std::int64_t row_elements,
                      const std::function<void(std::int64_t begin, std::int64_t end)>& task);

 private:
  Parallel& parallel_;
  DType compute_dtype_;
  std::shared_ptr<HostMemory> memory_ = std::make_shared<HostMemory>();
};

}  // namespace palimpsest
