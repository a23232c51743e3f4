#include "shared/models/last_layer.h"

namespace palimpsest {

LastLayer::LastLayer(const FluxConfig& config, WeightLoader& weights)
    : hidden_size_(config.hidden_size),
      adaln_modulation_(weights.linear("final_layer.adaLN_modulation.1", hidden_size_, {hidden_size_, hidden_size_})),
      linear_(weights.linear("final_layer.linear", hidden_size_, {config.out_channels})) {}

Tensor LastLayer::modulation(Backend& backend, const Tensor& silu_vec) const {
  Tensor table = backend.allocate({silu_vec.shape()[0], 2 * hidden_size_}, DType::f32);
  backend.linear(silu_vec, *adaln_modulation_, Activation::none, table, 0);
  return table;
}

Tensor LastLayer::forward(Backend& backend, const Tensor& x, const Tensor& table, std::size_t step) const {
  const Tensor parts = table.rows(static_cast<std::int64_t>(step), 1).reshaped({2, hidden_size_});
  // Trap: shift comes before scale here; checkpoints in the diffusers spelling have them the other way round.
  const Tensor shift = parts.rows(0, 1).reshaped({hidden_size_}), scale = parts.rows(1, 1).reshaped({hidden_size_});
  Tensor out = backend.allocate({x.shape()[0], linear_->out_features()}, DType::f32);
  backend.linear(backend.modulated_norm(x, scale, shift), *linear_, Activation::none, out, 0);
  return out;
}

}  // namespace palimpsest
