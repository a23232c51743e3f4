#include "shared/models/flux_names.h"

#include <array>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

struct LayerNames {
  std::string_view reference;
  std::array<std::string_view, 4> stored;
};

constexpr LayerNames kOuterLayers[] = {
    {"img_in", {"x_embedder"}},
    {"txt_in", {"context_embedder"}},
    {"time_in.in_layer", {"time_text_embed.timestep_embedder.linear_1"}},
    {"time_in.out_layer", {"time_text_embed.timestep_embedder.linear_2"}},
    {"guidance_in.in_layer", {"time_text_embed.guidance_embedder.linear_1"}},
    {"guidance_in.out_layer", {"time_text_embed.guidance_embedder.linear_2"}},
    {"vector_in.in_layer", {"time_text_embed.text_embedder.linear_1"}},
    {"vector_in.out_layer", {"time_text_embed.text_embedder.linear_2"}},
    {"final_layer.linear", {"proj_out"}},
};

constexpr LayerNames kDoubleBlockLayers[] = {
    {"img_mod.lin", {"norm1.linear"}},
    {"txt_mod.lin", {"norm1_context.linear"}},
    {"img_attn.qkv", {"attn.to_q", "attn.to_k", "attn.to_v"}},
    {"txt_attn.qkv", {"attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"}},
    {"img_attn.norm.query_norm", {"attn.norm_q"}},
    {"img_attn.norm.key_norm", {"attn.norm_k"}},
    {"txt_attn.norm.query_norm", {"attn.norm_added_q"}},
    {"txt_attn.norm.key_norm", {"attn.norm_added_k"}},
    {"img_attn.proj", {"attn.to_out.0"}},
    {"txt_attn.proj", {"attn.to_add_out"}},
    {"img_mlp.0", {"ff.net.0.proj"}},
    {"img_mlp.2", {"ff.net.2"}},
    {"txt_mlp.0", {"ff_context.net.0.proj"}},
    {"txt_mlp.2", {"ff_context.net.2"}},
};

constexpr LayerNames kSingleBlockLayers[] = {
    {"modulation.lin", {"norm.linear"}},
    {"linear1", {"attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"}},
    {"norm.query_norm", {"attn.norm_q"}},
    {"norm.key_norm", {"attn.norm_k"}},
    {"linear2", {"proj_out"}},
};

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

std::vector<StoredPart> look_up(std::span<const LayerNames> layers, std::string_view layer, const std::string& prefix,
                                const std::string& suffix) {
  std::vector<StoredPart> parts;
  for (const LayerNames& names : layers) {
    if (names.reference != layer) continue;
    for (const std::string_view stored : names.stored) {
      if (!stored.empty()) parts.push_back({prefix + std::string(stored) + suffix});
    }
    return parts;
  }
  fail(codes::kInternal, "the layer " + std::string(layer) + " has no name in the diffusers spelling", 500);
}

/// "double_blocks.12." of "double_blocks.12.img_mod.lin".
std::string_view block_prefix(std::string_view layer) {
  return layer.substr(0, layer.find('.', layer.find('.') + 1) + 1);
}

}  // namespace

std::vector<StoredPart> diffusers_flux_names(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view layer = name.substr(0, dot);
  // The norms call their weight "scale" in the reference.
  const std::string suffix = name.substr(dot) == ".scale" ? ".weight" : std::string(name.substr(dot));
  if (layer == "final_layer.adaLN_modulation.1") {
    // Trap: diffusers keeps (scale, shift), the reference (shift, scale).
    return {{"norm_out.linear" + suffix, 1, 2}, {"norm_out.linear" + suffix, 0, 2}};
  }
  if (starts_with(layer, "double_blocks.")) {
    const std::string_view block = block_prefix(layer);
    return look_up(kDoubleBlockLayers, layer.substr(block.size()),
                   "transformer_blocks." + std::string(block.substr(std::string_view("double_blocks.").size())),
                   suffix);
  }
  if (starts_with(layer, "single_blocks.")) {
    const std::string_view block = block_prefix(layer);
    return look_up(kSingleBlockLayers, layer.substr(block.size()), "single_transformer_" + std::string(block.substr(7)),
                   suffix);
  }
  return look_up(kOuterLayers, layer, "", suffix);
}

NameMap flux_name_map(const TensorSource& source) {
  if (source.find("img_in.weight") != nullptr) return reference_names;
  if (source.find("x_embedder.weight") != nullptr) return diffusers_flux_names;
  fail("MODEL_ARCH_MISMATCH",
       source.description() + " is no FLUX transformer: it has neither img_in.weight nor x_embedder.weight");
}

}  // namespace palimpsest
