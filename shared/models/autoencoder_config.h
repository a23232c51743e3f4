#pragma once

#include <cstdint>
#include <vector>

#include "shared/base/json.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// Shape of the AutoEncoder. Source: flux/modules/autoencoder.py `AutoEncoderParams`.
struct AutoEncoderConfig {
  std::int64_t in_channels = 3, out_channels = 3;
  std::int64_t z_channels = 16;
  std::vector<std::int64_t> channels = {128, 256, 512, 512};  ///< per level, full resolution first: ch · ch_mult
  std::int64_t num_res_blocks = 2;                            ///< per level of the encoder; the decoder has one more
  std::int64_t norm_num_groups = 32;
  double scale_factor = 0.3611, shift_factor = 0.1159;  ///< latents = scale_factor · (mean - shift_factor)

  /// Picture pixels along a side of one latent pixel.
  std::int64_t downscale() const { return std::int64_t{1} << (channels.size() - 1); }
};

/// From a configuration in the reference's names or in those of diffusers' vae/config.json.
/// Errors: `CONFIG_INVALID` naming the member that is missing, of another type or out of range.
AutoEncoderConfig autoencoder_config_from_json(const Json& json);

/// From the shapes of a checkpoint without configuration (either spelling); groups and factors are the published ones.
/// Errors: `MODEL_ARCH_MISMATCH` for another network's tensors, `CONFIG_INVALID`.
AutoEncoderConfig autoencoder_config_from_tensors(const TensorSource& source);

}  // namespace palimpsest
