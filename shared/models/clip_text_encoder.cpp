#include "shared/models/clip_text_encoder.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

constexpr const char* kEmbeddings = "text_model.embeddings.";

}  // namespace

ClipTextEncoder::Norm::Norm(WeightLoader& weights, const std::string& name, std::int64_t size)
    : weight(weights.vector(name + ".weight", size)), bias(weights.vector(name + ".bias", size)) {}

ClipTextEncoder::Layer::Layer(const ClipTextConfig& config, WeightLoader& weights, std::int64_t index)
    : norm1(weights, "text_model.encoder.layers." + std::to_string(index) + ".layer_norm1", config.hidden_size),
      norm2(weights, "text_model.encoder.layers." + std::to_string(index) + ".layer_norm2", config.hidden_size) {
  const std::string prefix = "text_model.encoder.layers." + std::to_string(index) + ".";
  const std::string attention = prefix + "self_attn.";
  const std::int64_t width = config.hidden_size;
  qkv = weights.stacked_linear({attention + "q_proj", attention + "k_proj", attention + "v_proj"}, width, width,
                               WeightLoader::Bias::present);
  out_proj = weights.linear(attention + "out_proj", width, {width});
  fc1 = weights.linear(prefix + "mlp.fc1", width, {config.intermediate_size});
  fc2 = weights.linear(prefix + "mlp.fc2", config.intermediate_size, {width});
}

ClipTextEncoder::ClipTextEncoder(const ClipTextConfig& config, WeightLoader& weights)
    : config_(config),
      backend_(weights.backend()),
      token_embedding_(
          weights.table(std::string(kEmbeddings) + "token_embedding.weight", config.vocab_size, config.hidden_size)),
      position_embedding_(weights.table(std::string(kEmbeddings) + "position_embedding.weight",
                                        config.max_position_embeddings, config.hidden_size)),
      final_norm_(weights, "text_model.final_layer_norm", config.hidden_size) {
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) layers_.emplace_back(config, weights, i);
}

NameMap ClipTextEncoder::name_map(const ClipTextConfig&, const TensorSource&) {
  return reference_names;
}

bool ClipTextEncoder::is_ignored(std::string_view name) {
  return name == "text_model.embeddings.position_ids" || name == "text_projection.weight" || name == "logit_scale";
}

Tensor ClipTextEncoder::normalised(const Tensor& x, const Norm& norm) const {
  return backend_->layer_norm(x, &norm.weight, &norm.bias, static_cast<float>(config_.layer_norm_eps));
}

void ClipTextEncoder::apply(const Layer& layer, Tensor& x) const {
  const Tensor qkv = backend_->linear(normalised(x, layer.norm1), *layer.qkv);
  Tensor attention = backend_->allocate(x.shape(), backend_->compute_dtype());
  AttentionOptions options;
  options.causal = true;
  options.scale = 1.0F / std::sqrt(static_cast<float>(config_.hidden_size / config_.num_attention_heads));
  backend_->attention(qkv, config_.num_attention_heads, options, attention, 0);
  backend_->linear_residual(attention, *layer.out_proj, nullptr, x);
  const Tensor hidden = backend_->linear(normalised(x, layer.norm2), *layer.fc1, Activation::quick_gelu);
  backend_->linear_residual(hidden, *layer.fc2, nullptr, x);
}

Tensor ClipTextEncoder::forward(std::span<const std::int32_t> ids, const StopToken& stop) const {
  // Trap: padding repeats the end token; the pooled state is that of the first one.
  const auto eos = std::find(ids.begin(), ids.end(), config_.eos_token_id);
  if (eos == ids.end()) fail(codes::kInvalidValue, "[ClipTextEncoder] the token ids have no end token");
  const auto tokens = static_cast<std::int64_t>(ids.size());
  if (tokens > config_.max_position_embeddings) {
    fail(codes::kInvalidValue, "[ClipTextEncoder] " + std::to_string(tokens) + " token ids are more than the " +
                                   std::to_string(config_.max_position_embeddings) + " positions");
  }
  Tensor x = backend_->embedding(token_embedding_, backend_->upload(view_of(ids, {tokens}), DType::i32));
  backend_->add(x, position_embedding_.rows(0, tokens));
  for (const Layer& layer : layers_) {
    stop.check();
    apply(layer, x);
  }
  return normalised(x.rows(eos - ids.begin(), 1), final_norm_);
}

}  // namespace palimpsest
