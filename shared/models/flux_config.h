#pragma once

#include <cstdint>
#include <vector>

#include "shared/base/json.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// Shape of a FLUX.1 transformer, with the reference's names. Source: flux/model.py `FluxParams`.
struct FluxConfig {
  std::int64_t in_channels = 64;       ///< features of a picture token
  std::int64_t out_channels = 64;      ///< features of a predicted token
  std::int64_t vec_in_dim = 768;       ///< width of the pooled text vector
  std::int64_t context_in_dim = 4096;  ///< width of a text token
  std::int64_t hidden_size = 3072;
  std::int64_t num_heads = 24;
  std::int64_t depth = 19;                            ///< double stream blocks
  std::int64_t depth_single_blocks = 38;              ///< single stream blocks
  double mlp_ratio = 4.0;                             ///< width of the MLP over hidden_size
  std::vector<std::int64_t> axes_dim = {16, 56, 56};  ///< rotated features for (picture, row, column) of an id
  double theta = 10000;                               ///< base of the rotation frequencies
  bool qkv_bias = true;
  bool guidance_embed = true;  ///< false for schnell

  std::int64_t head_dim() const { return hidden_size / num_heads; }
  /// Truncated as in the reference; the margin is for ratios that were found by dividing.
  std::int64_t mlp_hidden_size() const {
    return static_cast<std::int64_t>(static_cast<double>(hidden_size) * mlp_ratio + 1e-6);
  }
};

/// From a configuration in the reference's names or in those of diffusers' transformer/config.json.
/// Errors: `CONFIG_INVALID` naming the member that is missing, of another type or out of range.
FluxConfig flux_config_from_json(const Json& json);

/// From the shapes of a checkpoint without configuration (either spelling). The rotation axes are known for a head
/// width of 128 only. Errors: `MODEL_ARCH_MISMATCH` for another network's tensors, `CONFIG_INVALID`.
FluxConfig flux_config_from_tensors(const TensorSource& source);

}  // namespace palimpsest
