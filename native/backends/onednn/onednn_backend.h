// native/backends/onednn: the portable backend with oneDNN's matrix products and convolutions, and attention in bf16
// instructions. Included by native/backends only; dnnl.hpp stays in the .cpp files and the private library.h.
// Start here, then linear.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "shared/portable/portable_backend.h"

namespace palimpsest {

/// PortableBackend with the ops overridden that oneDNN, or bf16 instructions, do faster.
///
/// Work is cut into pieces from shapes alone and each piece is one single-threaded call of the library, so that
/// results have the same bits for any number of threads.
/// Errors: as Backend; `device_error` with the op and its shapes when the library fails.
class OneDnnBackend final : public PortableBackend {
 public:
  /// `parallel` must outlive the backend; it must run its tasks on OpenMP threads or the caller's.
  OneDnnBackend(Parallel& parallel, DType compute_dtype);
  ~OneDnnBackend() override;

  /// Whether this processor multiplies bf16 faster than f32.
  static bool profits_from_bf16();

  std::string_view name() const override { return "onednn"; }

  LinearWeightPtr prepare_linear(std::span<const HostView> weights, std::span<const HostView> biases) override;
  ConvWeightPtr prepare_conv(const HostView& weight, const HostView& bias) override;

  using Backend::linear;
  void linear(const Tensor& x, const LinearWeight& w, Activation act, Tensor& out, std::int64_t out_column) override;
  void linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, Tensor& residual) override;
  void attention(const Tensor& qkv, std::int64_t heads, const AttentionOptions& options, Tensor& out,
                 std::int64_t out_column) override;
  Tensor conv2d(const Tensor& x, const ConvWeight& w, const ConvOptions& options, const Tensor* residual) override;

 private:
  struct LinearCall;

  Tensor in_compute_dtype(const Tensor& x);
  void run_linear(const char* op, const LinearCall& call);

  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace palimpsest
