#include "shared/models/single_stream_block.h"

#include <cmath>
#include <string>
#include <tuple>

namespace palimpsest {

SingleStreamBlock::SingleStreamBlock(const FluxConfig& config, WeightLoader& weights, std::int64_t index)
    : hidden_size_(config.hidden_size),
      num_heads_(config.num_heads),
      mlp_hidden_size_(config.mlp_hidden_size()),
      modulation_(weights, "single_blocks." + std::to_string(index) + ".modulation.lin", hidden_size_, 1) {
  const std::string prefix = "single_blocks." + std::to_string(index) + ".";
  std::tie(linear1_qkv_, linear1_mlp_) = weights.split_linear(
      prefix + "linear1", hidden_size_, {hidden_size_, hidden_size_, hidden_size_, mlp_hidden_size_}, 3);
  query_norm_ = weights.vector(prefix + "norm.query_norm.scale", config.head_dim());
  key_norm_ = weights.vector(prefix + "norm.key_norm.scale", config.head_dim());
  linear2_ = weights.linear(prefix + "linear2", hidden_size_ + mlp_hidden_size_, {hidden_size_});
}

void SingleStreamBlock::forward(Backend& backend, Tensor& x, const Tensor& pe, const Tensor& table, std::size_t step,
                                std::int64_t first_row) const {
  const std::int64_t tokens = x.shape()[0], changed = tokens - first_row;
  const ModulationOut mod = modulation_at(table, step, 0, hidden_size_);
  // Attention and MLP write side by side, so that linear2 sees [attention, mlp] without a copy.
  Tensor joined = backend.allocate({changed, hidden_size_ + mlp_hidden_size_}, backend.compute_dtype());
  {
    const Tensor normed = backend.modulated_norm(x, mod.scale, mod.shift);
    Tensor qkv = backend.linear(normed, *linear1_qkv_);
    backend.qk_norm_rope(qkv, num_heads_, query_norm_, key_norm_, pe);
    AttentionOptions options;
    options.scale = 1.0F / std::sqrt(static_cast<float>(hidden_size_ / num_heads_));
    options.first_query = first_row;
    backend.attention(qkv, num_heads_, options, joined, 0);
    backend.linear(normed.rows(first_row, changed), *linear1_mlp_, Activation::gelu_tanh, joined, hidden_size_);
  }
  Tensor changed_rows = x.rows(first_row, changed);
  backend.linear_residual(joined, *linear2_, &mod.gate, changed_rows);
}

}  // namespace palimpsest
