#include "shared/models/double_stream_block.h"

#include <cmath>
#include <string>

namespace palimpsest {

DoubleStreamBlock::Stream::Stream(const FluxConfig& config, WeightLoader& weights, const std::string& prefix)
    : mod(weights, prefix + "_mod.lin", config.hidden_size, 2),
      qkv(weights.linear(prefix + "_attn.qkv", config.hidden_size,
                         {config.hidden_size, config.hidden_size, config.hidden_size},
                         config.qkv_bias ? WeightLoader::Bias::present : WeightLoader::Bias::none)),
      query_norm(weights.vector(prefix + "_attn.norm.query_norm.scale", config.head_dim())),
      key_norm(weights.vector(prefix + "_attn.norm.key_norm.scale", config.head_dim())),
      proj(weights.linear(prefix + "_attn.proj", config.hidden_size, {config.hidden_size})),
      mlp_0(weights.linear(prefix + "_mlp.0", config.hidden_size, {config.mlp_hidden_size()})),
      mlp_2(weights.linear(prefix + "_mlp.2", config.mlp_hidden_size(), {config.hidden_size})) {}

// qkv and pe are this stream's rows.
void DoubleStreamBlock::Stream::write_qkv(Backend& backend, const Tensor& x, const ModulationOut& modulation,
                                          const Tensor& pe, std::int64_t heads, Tensor qkv_rows) const {
  const Tensor normed = backend.modulated_norm(x, modulation.scale, modulation.shift);
  backend.linear(normed, *qkv, Activation::none, qkv_rows, 0);
  backend.qk_norm_rope(qkv_rows, heads, query_norm, key_norm, pe);
}

void DoubleStreamBlock::Stream::add_attention(Backend& backend, const Tensor& attention,
                                              const ModulationOut& modulation, Tensor x) const {
  backend.linear_residual(attention, *proj, &modulation.gate, x);
}

void DoubleStreamBlock::Stream::add_mlp(Backend& backend, const ModulationOut& modulation, Tensor x) const {
  const Tensor normed = backend.modulated_norm(x, modulation.scale, modulation.shift);
  backend.linear_residual(backend.linear(normed, *mlp_0, Activation::gelu_tanh), *mlp_2, &modulation.gate, x);
}

DoubleStreamBlock::DoubleStreamBlock(const FluxConfig& config, WeightLoader& weights, std::int64_t index)
    : hidden_size_(config.hidden_size),
      num_heads_(config.num_heads),
      img_(config, weights, "double_blocks." + std::to_string(index) + ".img"),
      txt_(config, weights, "double_blocks." + std::to_string(index) + ".txt") {}

DoubleStreamBlock::Tables DoubleStreamBlock::modulation(Backend& backend, const Tensor& silu_vec) const {
  return {img_.mod.forward(backend, silu_vec), txt_.mod.forward(backend, silu_vec)};
}

void DoubleStreamBlock::forward(Backend& backend, Tensor& x, std::int64_t text_tokens, const Tensor& pe,
                                const Tables& tables, std::size_t step) const {
  const std::int64_t tokens = x.shape()[0], img_tokens = tokens - text_tokens;
  // Trap: text stands before the pictures in the joint attention, though img comes first in every argument list.
  const auto txt_of = [&](const Tensor& rows) { return rows.rows(0, text_tokens); };
  const auto img_of = [&](const Tensor& rows) { return rows.rows(text_tokens, img_tokens); };

  Tensor attention = backend.allocate({tokens, hidden_size_}, backend.compute_dtype());
  const ModulationOut img_mod1 = modulation_at(tables.img, step, 0, hidden_size_);
  const ModulationOut txt_mod1 = modulation_at(tables.txt, step, 0, hidden_size_);
  {
    const Tensor qkv = backend.allocate({tokens, 3 * hidden_size_}, backend.compute_dtype());
    txt_.write_qkv(backend, txt_of(x), txt_mod1, txt_of(pe), num_heads_, txt_of(qkv));
    img_.write_qkv(backend, img_of(x), img_mod1, img_of(pe), num_heads_, img_of(qkv));
    AttentionOptions options;
    options.scale = 1.0F / std::sqrt(static_cast<float>(hidden_size_ / num_heads_));
    backend.attention(qkv, num_heads_, options, attention, 0);
  }
  txt_.add_attention(backend, txt_of(attention), txt_mod1, txt_of(x));
  img_.add_attention(backend, img_of(attention), img_mod1, img_of(x));
  attention = Tensor();
  txt_.add_mlp(backend, modulation_at(tables.txt, step, 1, hidden_size_), txt_of(x));
  img_.add_mlp(backend, modulation_at(tables.img, step, 1, hidden_size_), img_of(x));
}

}  // namespace palimpsest
