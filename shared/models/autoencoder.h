#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/models/autoencoder_config.h"
#include "shared/models/autoencoder_layers.h"
#include "shared/models/weight_loader.h"

namespace palimpsest {

/// Picture to the moments of its latents. Source: flux/modules/autoencoder.py `Encoder`.
class Encoder {
 public:
  Encoder(const AutoEncoderConfig& config, WeightLoader& weights);

  /// x [h, w, in_channels] to [h/8, w/8, 2 · z_channels]: means, then log variances.
  Tensor forward(Backend& backend, const Tensor& x, const StopToken& stop) const;

 private:
  struct Level {
    std::vector<ResnetBlock> blocks;
    ConvWeightPtr downsample;  // not on the last level
  };

  ConvWeightPtr conv_in_;
  std::vector<Level> down_;
  MidBlock mid_;
  NormConv norm_out_;
};

/// Latents to picture. Source: flux/modules/autoencoder.py `Decoder`.
class Decoder {
 public:
  Decoder(const AutoEncoderConfig& config, WeightLoader& weights);

  /// z [h, w, z_channels] to [8h, 8w, out_channels].
  Tensor forward(Backend& backend, const Tensor& z, const StopToken& stop) const;

 private:
  struct Level {
    std::vector<ResnetBlock> blocks;
    ConvWeightPtr upsample;  // not on level 0
  };

  ConvWeightPtr conv_in_;
  MidBlock mid_;
  std::vector<Level> up_;  // full resolution first, as in the reference
  NormConv norm_out_;
};

/// Between pictures and latents. Nothing is tiled: feature maps are whole, so there are no seams; what lies between two
/// maps exists in strips of rows only. Beyond the weights, decoding with FLUX.1's widths holds 384 channels at
/// full resolution and 70 MB of strips: 0.47 GB (f32) or 0.24 GB (bf16) measured for 512x512, by the same
/// count 1.7 or 0.8 GB for 1024x1024 and 6.5 or 3.2 GB for 2048x2048.
/// Source: flux/modules/autoencoder.py `AutoEncoder`.
class AutoEncoder {
 public:
  AutoEncoder(const AutoEncoderConfig& config, WeightLoader& weights);

  static NameMap name_map(const AutoEncoderConfig& config, const TensorSource& source);
  static bool is_ignored(std::string_view name);

  const AutoEncoderConfig& config() const { return config_; }

  /// Latents [h/8, w/8, z_channels], compute dtype, of a picture [h, w, in_channels] in -1 … 1; h and w are multiples
  /// of downscale(). The mean of the distribution, not a sample. Errors: `invalid_value`, `cancelled`.
  Tensor encode(const Tensor& image, const StopToken& stop) const;

  /// Picture [8h, 8w, out_channels], compute dtype, about -1 … 1 and not clamped, of latents [h, w, z_channels].
  /// Errors: `invalid_value`, `cancelled`.
  Tensor decode(const Tensor& latents, const StopToken& stop) const;

 private:
  void rescale(Tensor& x, double factor, double offset) const;

  AutoEncoderConfig config_;
  Backend* backend_;
  Encoder encoder_;
  Decoder decoder_;
};

}  // namespace palimpsest
