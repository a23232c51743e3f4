#include "native/backends/onednn/attention_kernel.h"
#include "native/backends/onednn/library.h"
#include "shared/tensor/op_checks.h"

namespace palimpsest {
namespace {

/// Whether the bf16 kernel computes this call; biases and masks belong to the text encoders, which are a small part
/// of a request.
bool suits_bf16_kernel(const Tensor& qkv, std::int64_t head_width, const AttentionOptions& options, const Tensor& out) {
  return qkv.dtype() == DType::bf16 && (out.dtype() == DType::bf16 || out.dtype() == DType::f32) &&
         head_width % Bf16Attention::kPanel == 0 && options.scale > 0 && !options.causal &&
         options.relative_bias == nullptr && out.shape()[0] > 0;
}

}  // namespace

void OneDnnBackend::attention(const Tensor& qkv, std::int64_t heads, const AttentionOptions& options, Tensor& out,
                              std::int64_t out_column) {
  const std::int64_t head_width = check_attention(qkv, heads, options, out, out_column);
  const Bf16AttentionKernel* kernel = bf16_attention_kernel();
  if (kernel == nullptr || !suits_bf16_kernel(qkv, head_width, options, out)) {
    PortableBackend::attention(qkv, heads, options, out, out_column);
    return;
  }
  Bf16Attention call;
  call.tokens = qkv.shape()[0];
  call.heads = heads;
  call.head_width = head_width;
  call.first_query = options.first_query;
  call.scale = options.scale;
  call.qkv = qkv.data<std::uint16_t>();
  call.out_stride = out.shape()[1];
  call.out_is_f32 = out.dtype() == DType::f32;
  call.out = out.data<std::byte>() + out_column * (bits_of(out.dtype()) / 8);
  const Tensor keys = allocate({call.packed_elements()}, DType::bf16);
  const Tensor values = allocate({call.packed_elements()}, DType::bf16);
  call.keys = keys.data<std::uint16_t>();
  call.values = values.data<std::uint16_t>();

  parallel().run(heads * call.panels(),
                 [&](std::int64_t i) { kernel->pack_tokens(call, i / call.panels(), i % call.panels()); });
  library_->run_pieces(*this, heads * call.tiles(), kernel->scratch_bytes(head_width),
                       [&](PieceWorker& worker, std::int64_t i) {
                         kernel->run_tile(call, i / call.tiles(), i % call.tiles(), worker.scratch);
                       });
}

}  // namespace palimpsest
