#include "native/checkpoint/networks.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace palimpsest {
namespace {

/// A tensor that only this network, so spelled, has.
struct Marker {
  NetworkKind kind;
  NetworkNames names;
  const char* tensor;
};

constexpr std::array<Marker, 6> kMarkers = {{
    {NetworkKind::transformer, NetworkNames::bfl, "double_blocks.0.img_attn.qkv.weight"},
    {NetworkKind::transformer, NetworkNames::diffusers, "single_transformer_blocks.0.proj_mlp.weight"},
    {NetworkKind::autoencoder, NetworkNames::bfl, "decoder.mid.block_1.conv1.weight"},
    {NetworkKind::autoencoder, NetworkNames::diffusers, "decoder.mid_block.resnets.0.conv1.weight"},
    {NetworkKind::clip, NetworkNames::transformers, "text_model.embeddings.token_embedding.weight"},
    {NetworkKind::t5, NetworkNames::transformers, "encoder.block.0.layer.0.SelfAttention.q.weight"},
}};

constexpr std::array<const char*, 3> kTransformerPrefixes = {"", "model.diffusion_model.", "diffusion_model."};
constexpr std::array<const char*, 3> kAutoEncoderPrefixes = {"", "vae.", "first_stage_model."};
constexpr std::array<const char*, 2> kClipPrefixes = {"", "text_encoders.clip_l.transformer."};
constexpr std::array<const char*, 2> kT5Prefixes = {"", "text_encoders.t5xxl.transformer."};

std::span<const char* const> prefixes_of(NetworkKind kind) {
  switch (kind) {
    case NetworkKind::transformer:
      return kTransformerPrefixes;
    case NetworkKind::autoencoder:
      return kAutoEncoderPrefixes;
    case NetworkKind::clip:
      return kClipPrefixes;
    case NetworkKind::t5:
      return kT5Prefixes;
  }
  return {};
}

/// Collects figures of one network.
class Figures {
 public:
  Figures(const TensorSource& source, const std::string& prefix) : source_(source), prefix_(prefix) {}

  bool has(const std::string& tensor) const { return source_.find(prefix_ + tensor) != nullptr; }

  /// Length of one axis of a tensor.
  void add_dim(const char* key, const std::string& tensor, int axis) {
    const HostView* view = source_.find(prefix_ + tensor);
    if (view != nullptr && view->shape.rank() > axis) figures_.emplace_back(key, view->shape[axis]);
  }

  /// How many of `before`0`after`, `before`1`after`, … there are.
  void add_count(const char* key, const std::string& before, const std::string& after) {
    std::int64_t count = 0;
    while (has(before + std::to_string(count) + after)) ++count;
    figures_.emplace_back(key, count);
  }

  void add_flag(const char* key, const std::string& tensor) { figures_.emplace_back(key, has(tensor)); }

  Json::Object take() { return std::move(figures_); }

 private:
  const TensorSource& source_;
  const std::string& prefix_;
  Json::Object figures_;
};

void add_bfl_transformer(Figures& figures) {
  figures.add_dim("hidden_size", "img_in.weight", 0);
  figures.add_dim("head_size", "double_blocks.0.img_attn.norm.query_norm.scale", 0);
  figures.add_count("double_blocks", "double_blocks.", ".img_attn.qkv.weight");
  figures.add_count("single_blocks", "single_blocks.", ".linear1.weight");
  figures.add_dim("in_channels", "img_in.weight", 1);
  figures.add_dim("text_width", "txt_in.weight", 1);
  figures.add_dim("pooled_width", "vector_in.in_layer.weight", 1);
  figures.add_flag("guidance", "guidance_in.in_layer.weight");
}

void add_diffusers_transformer(Figures& figures) {
  figures.add_dim("hidden_size", "x_embedder.weight", 0);
  figures.add_dim("head_size", "transformer_blocks.0.attn.norm_q.weight", 0);
  figures.add_count("double_blocks", "transformer_blocks.", ".attn.add_q_proj.weight");
  figures.add_count("single_blocks", "single_transformer_blocks.", ".proj_mlp.weight");
  figures.add_dim("in_channels", "x_embedder.weight", 1);
  figures.add_dim("text_width", "context_embedder.weight", 1);
  figures.add_dim("pooled_width", "time_text_embed.text_embedder.linear_1.weight", 1);
  figures.add_flag("guidance", "time_text_embed.guidance_embedder.linear_1.weight");
}

void add_autoencoder(Figures& figures, NetworkNames names) {
  const bool bfl = names == NetworkNames::bfl;
  figures.add_dim("channels", "encoder.conv_in.weight", 0);
  figures.add_dim("latent_channels", "decoder.conv_in.weight", 1);
  figures.add_count("levels", bfl ? "encoder.down." : "encoder.down_blocks.",
                    bfl ? ".block.0.conv1.weight" : ".resnets.0.conv1.weight");
}

void add_clip(Figures& figures) {
  figures.add_dim("hidden_size", "text_model.embeddings.token_embedding.weight", 1);
  figures.add_count("layers", "text_model.encoder.layers.", ".self_attn.q_proj.weight");
  figures.add_dim("tokens", "text_model.embeddings.position_embedding.weight", 0);
  figures.add_dim("vocabulary", "text_model.embeddings.token_embedding.weight", 0);
}

void add_t5(Figures& figures) {
  const char* const embedding = figures.has("shared.weight") ? "shared.weight" : "encoder.embed_tokens.weight";
  figures.add_dim("hidden_size", embedding, 1);
  figures.add_count("layers", "encoder.block.", ".layer.0.SelfAttention.q.weight");
  figures.add_dim("heads", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", 1);
  figures.add_dim("vocabulary", embedding, 0);
}

}  // namespace

std::string_view name_of(NetworkKind kind) {
  switch (kind) {
    case NetworkKind::transformer:
      return "FLUX transformer";
    case NetworkKind::autoencoder:
      return "AutoEncoder";
    case NetworkKind::clip:
      return "CLIP text encoder";
    case NetworkKind::t5:
      return "T5 encoder";
  }
  return "";
}

std::string_view name_of(NetworkNames names) {
  switch (names) {
    case NetworkNames::bfl:
      return "BFL";
    case NetworkNames::diffusers:
      return "diffusers";
    case NetworkNames::transformers:
      return "transformers";
  }
  return "";
}

std::optional<FoundNetwork> recognise_network(const TensorSource& source, NetworkKind kind) {
  for (const Marker& marker : kMarkers) {
    if (marker.kind != kind) continue;
    for (const char* prefix : prefixes_of(kind)) {
      if (source.find(prefix + std::string(marker.tensor)) != nullptr) return FoundNetwork{kind, marker.names, prefix};
    }
  }
  return std::nullopt;
}

std::vector<FoundNetwork> recognise_networks(const TensorSource& source) {
  std::vector<FoundNetwork> networks;
  for (const auto kind : {NetworkKind::transformer, NetworkKind::autoencoder, NetworkKind::clip, NetworkKind::t5}) {
    if (auto found = recognise_network(source, kind)) networks.push_back(*std::move(found));
  }
  return networks;
}

bool is_lora(const TensorSource& source) {
  constexpr std::array<std::string_view, 4> kParts = {".lora_A.", ".lora_down.", "_lora1.down.", "_lora.down."};
  const std::vector<std::string> names = source.names();
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(kParts.begin(), kParts.end(),
                       [&](std::string_view part) { return name.find(part) != std::string::npos; });
  });
}

Json::Object figures_of(const TensorSource& source, const FoundNetwork& network) {
  Figures figures(source, network.prefix);
  switch (network.kind) {
    case NetworkKind::transformer:
      network.names == NetworkNames::bfl ? add_bfl_transformer(figures) : add_diffusers_transformer(figures);
      break;
    case NetworkKind::autoencoder:
      add_autoencoder(figures, network.names);
      break;
    case NetworkKind::clip:
      add_clip(figures);
      break;
    case NetworkKind::t5:
      add_t5(figures);
      break;
  }
  return figures.take();
}

}  // namespace palimpsest
