#include "shared/models/t5_encoder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "shared/base/elementary.h"
#include "shared/base/error.h"

namespace palimpsest {
namespace {

constexpr WeightLoader::Bias kNoBias = WeightLoader::Bias::none;

std::string block_name(std::int64_t index) {
  return "encoder.block." + std::to_string(index) + ".layer.";
}

}  // namespace

std::int64_t t5_relative_position_bucket(std::int64_t relative, std::int64_t num_buckets, std::int64_t max_distance) {
  const std::int64_t half = num_buckets / 2, exact = half / 2, distance = std::abs(relative);
  const std::int64_t direction = relative > 0 ? half : 0;
  if (distance < exact) return direction + distance;
  const auto log_f32 = [](double x) { return static_cast<float>(exact_log(x)); };
  const float position = log_f32(static_cast<double>(distance) / static_cast<double>(exact)) /
                         log_f32(static_cast<double>(max_distance) / static_cast<double>(exact)) *
                         static_cast<float>(half - exact);
  return direction + std::min(half - 1, exact + static_cast<std::int64_t>(position));
}

T5Encoder::Layer::Layer(const T5Config& config, WeightLoader& weights, std::int64_t index) {
  const std::int64_t inner = config.num_heads * config.d_kv;
  const std::string attention = block_name(index) + "0.SelfAttention.", ff = block_name(index) + "1.DenseReluDense.";
  attention_norm = weights.vector(block_name(index) + "0.layer_norm.weight", config.d_model);
  qkv = weights.stacked_linear({attention + "q", attention + "k", attention + "v"}, config.d_model, inner, kNoBias);
  o = weights.linear(attention + "o", inner, {config.d_model}, kNoBias);
  ff_norm = weights.vector(block_name(index) + "1.layer_norm.weight", config.d_model);
  wi_0 = weights.linear(ff + "wi_0", config.d_model, {config.d_ff}, kNoBias);
  wi_1 = weights.linear(ff + "wi_1", config.d_model, {config.d_ff}, kNoBias);
  wo = weights.linear(ff + "wo", config.d_ff, {config.d_model}, kNoBias);
}

T5Encoder::T5Encoder(const T5Config& config, WeightLoader& weights)
    : config_(config),
      backend_(weights.backend()),
      embedding_(weights.table("shared.weight", config.vocab_size, config.d_model)),
      bias_table_(weights.host_values(block_name(0) + "0.SelfAttention.relative_attention_bias.weight",
                                      {config.relative_attention_num_buckets, config.num_heads})),
      final_norm_(weights.vector("encoder.final_layer_norm.weight", config.d_model)) {
  for (std::int64_t i = 0; i < config.num_layers; ++i) layers_.emplace_back(config, weights, i);
}

NameMap T5Encoder::name_map(const T5Config&, const TensorSource& source) {
  if (source.find("shared.weight") != nullptr) return reference_names;
  // The table is tied; some files keep it under its other name only.
  return [](std::string_view name) {
    return reference_names(name == "shared.weight" ? "encoder.embed_tokens.weight" : name);
  };
}

bool T5Encoder::is_ignored(std::string_view name) {
  return name == "encoder.embed_tokens.weight";
}

Tensor T5Encoder::relative_bias(std::int64_t tokens) const {
  const std::int64_t heads = config_.num_heads, columns = 2 * tokens - 1;
  std::vector<float> bias(static_cast<std::size_t>(heads * columns));
  for (std::int64_t column = 0; column < columns; ++column) {
    const std::int64_t bucket = t5_relative_position_bucket(
        column - (tokens - 1), config_.relative_attention_num_buckets, config_.relative_attention_max_distance);
    for (std::int64_t head = 0; head < heads; ++head) {
      bias[static_cast<std::size_t>(head * columns + column)] =
          bias_table_[static_cast<std::size_t>(bucket * heads + head)];
    }
  }
  return backend_->upload(view_of(bias, {heads, columns}), DType::f32);
}

void T5Encoder::apply(const Layer& layer, const Tensor& bias, Tensor& x) const {
  const auto eps = static_cast<float>(config_.layer_norm_epsilon);
  {
    const Tensor qkv = backend_->linear(backend_->rms_norm(x, layer.attention_norm, eps), *layer.qkv);
    Tensor attention = backend_->allocate({x.shape()[0], qkv.shape()[1] / 3}, backend_->compute_dtype());
    AttentionOptions options;  // trap: T5 does not divide by the root of the head width
    options.relative_bias = &bias;
    backend_->attention(qkv, config_.num_heads, options, attention, 0);
    backend_->linear_residual(attention, *layer.o, nullptr, x);
  }
  const Tensor normed = backend_->rms_norm(x, layer.ff_norm, eps);
  Tensor gated = backend_->linear(normed, *layer.wi_0, Activation::gelu_tanh);
  backend_->multiply(gated, backend_->linear(normed, *layer.wi_1));
  backend_->linear_residual(gated, *layer.wo, nullptr, x);
}

Tensor T5Encoder::forward(std::span<const std::int32_t> ids, const StopToken& stop) const {
  if (ids.empty()) fail(codes::kInvalidValue, "[T5Encoder] there are no token ids");
  const auto tokens = static_cast<std::int64_t>(ids.size());
  Tensor x = backend_->embedding(embedding_, backend_->upload(view_of(ids, {tokens}), DType::i32));
  const Tensor bias = relative_bias(tokens);
  for (const Layer& layer : layers_) {
    stop.check();
    apply(layer, bias, x);
  }
  return backend_->rms_norm(x, final_norm_, static_cast<float>(config_.layer_norm_epsilon));
}

}  // namespace palimpsest
