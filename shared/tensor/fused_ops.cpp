// Reference compositions of the fused ops. A backend overrides one where a benchmark pays for it; a test holds both
// to each other.
#include "shared/tensor/backend.h"
#include "shared/tensor/op_checks.h"

namespace palimpsest {

std::vector<float> Backend::to_host(const Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().element_count()));
  download(tensor, values);
  return values;
}

Tensor Backend::linear(const Tensor& x, const LinearWeight& w, Activation act) {
  Tensor out = allocate({x.shape()[0], w.out_features()}, compute_dtype());
  linear(x, w, act, out, 0);
  return out;
}

void Backend::linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, Tensor& residual) {
  check_linear_residual(x, w, gate, residual);
  const Tensor y = linear(x, w);
  if (gate != nullptr) {
    add_gated(residual, y, *gate);
  } else {
    add(residual, y);
  }
}

Tensor Backend::modulated_norm(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  Tensor y = layer_norm(x, nullptr, nullptr, 1e-6F);
  scale_shift(y, scale, shift);
  return y;
}

void Backend::qk_norm_rope(Tensor& qkv, std::int64_t heads, const Tensor& q_weight, const Tensor& k_weight,
                           const Tensor& pe) {
  check_qk_norm_rope(qkv, heads, q_weight, k_weight, pe);
  const std::int64_t tokens = qkv.shape()[0];
  const std::int64_t width = qkv.shape()[1] / 3;
  const std::int64_t head_width = width / heads;
  const Tensor* weights[] = {&q_weight, &k_weight};
  for (int part = 0; part < 2; ++part) {
    Tensor x = slice_columns(qkv, part * width, width).reshaped({tokens * heads, head_width});
    x = rms_norm(x, *weights[part], 1e-6F).reshaped({tokens, heads, head_width});
    rope(x, pe);
    write_columns(qkv, part * width, x.reshaped({tokens, width}));
  }
}

}  // namespace palimpsest
