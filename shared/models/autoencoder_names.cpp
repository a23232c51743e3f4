#include "shared/models/autoencoder_names.h"

#include "shared/base/error.h"

namespace palimpsest {
namespace {

struct Replacement {
  std::string_view from, to;
};

// Whole dot-separated runs; the first that begins the rest of a name wins.
constexpr Replacement kReplacements[] = {
    {"norm_out.", "conv_norm_out."},
    {"mid.block_1.", "mid_block.resnets.0."},
    {"mid.block_2.", "mid_block.resnets.1."},
    {"mid.attn_1.norm.", "mid_block.attentions.0.group_norm."},
    {"mid.attn_1.q.", "mid_block.attentions.0.to_q."},
    {"mid.attn_1.k.", "mid_block.attentions.0.to_k."},
    {"mid.attn_1.v.", "mid_block.attentions.0.to_v."},
    {"mid.attn_1.proj_out.", "mid_block.attentions.0.to_out.0."},
    {"downsample.", "downsamplers.0."},
    {"upsample.", "upsamplers.0."},
    {"block.", "resnets."},
};

bool take(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::size_t take_index(std::string_view& text) {
  std::size_t index = 0;
  while (text.front() != '.') {
    index = index * 10 + static_cast<std::size_t>(text.front() - '0');
    text.remove_prefix(1);
  }
  text.remove_prefix(1);
  return index;
}

std::string within_level(std::string_view rest) {
  for (const Replacement& replacement : kReplacements) {
    if (!take(rest, replacement.from)) continue;
    std::string result(replacement.to);
    if (replacement.from == "block.") result += std::to_string(take_index(rest)) + ".";
    result += take(rest, "nin_shortcut.") ? "conv_shortcut." : "";
    return result.append(rest);
  }
  return std::string(rest);
}

}  // namespace

std::vector<StoredPart> diffusers_autoencoder_names(std::string_view name, std::size_t levels) {
  std::string stored = take(name, "encoder.") ? "encoder." : "decoder.";
  take(name, "decoder.");
  if (take(name, "down.")) {
    stored += "down_blocks." + std::to_string(take_index(name)) + ".";
  } else if (take(name, "up.")) {
    // Trap: diffusers counts the decoder's levels from the lowest resolution, the reference from the full one.
    stored += "up_blocks." + std::to_string(levels - 1 - take_index(name)) + ".";
  }
  return {{stored + within_level(name)}};
}

NameMap autoencoder_name_map(const TensorSource& source, std::size_t levels) {
  if (source.find("encoder.down.0.block.0.conv1.weight") != nullptr) return reference_names;
  if (source.find("encoder.down_blocks.0.resnets.0.conv1.weight") != nullptr) {
    return [levels](std::string_view name) { return diffusers_autoencoder_names(name, levels); };
  }
  fail("MODEL_ARCH_MISMATCH", source.description() +
                                  " is no FLUX AutoEncoder: it has neither encoder.down.0.block.0.conv1.weight nor "
                                  "encoder.down_blocks.0.resnets.0.conv1.weight");
}

}  // namespace palimpsest
