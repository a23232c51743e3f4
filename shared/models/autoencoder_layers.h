#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "shared/models/weight_loader.h"

namespace palimpsest {

/// Group norm (eps 1e-6), SiLU and a 3x3 convolution: what the AutoEncoder is made of.
///
/// A map too big for one strip is done in strips of rows: the statistics come from the whole map first, so that the
/// result is that of the whole map, and only a strip at a time exists in normalised form.
class NormConv {
 public:
  NormConv(WeightLoader& weights, const std::string& norm_name, const std::string& conv_name, std::int64_t in_channels,
           std::int64_t out_channels, std::int64_t groups);

  /// Rows [begin, begin + count) of what is added to the result.
  using ResidualRows = std::function<Tensor(std::int64_t begin, std::int64_t count)>;

  /// x [h, w, in] to [h, w, out].
  Tensor forward(Backend& backend, const Tensor& x, const StopToken& stop) const;
  /// The same plus `residual`, written over x. Needs as many output as input channels.
  void forward_in_place(Backend& backend, Tensor& x, const ResidualRows& residual, const StopToken& stop) const;

 private:
  struct Affine {
    Tensor scale, shift;
  };

  Affine whole_map_norm(Backend& backend, const Tensor& x, const StopToken& stop) const;
  Tensor normalised_strip(Backend& backend, const Tensor& x, const Affine& affine, std::int64_t begin,
                          std::int64_t end) const;
  void in_strips(Backend& backend, const Tensor& x, const ResidualRows& residual, const StopToken& stop,
                 Tensor& out) const;

  std::int64_t groups_;
  Tensor weight_, bias_;
  std::vector<float> host_weight_, host_bias_;
  ConvWeightPtr conv_;
};

/// Two NormConvs around a shortcut. Source: flux/modules/autoencoder.py `ResnetBlock`.
class ResnetBlock {
 public:
  ResnetBlock(WeightLoader& weights, const std::string& name, std::int64_t in_channels, std::int64_t out_channels,
              std::int64_t groups);

  /// x [h, w, in] to [h, w, out]. Takes x so that it can go away early.
  Tensor forward(Backend& backend, Tensor x, const StopToken& stop) const;

 private:
  NormConv first_, second_;
  LinearWeightPtr nin_shortcut_;  // nullptr where the channels stay
};

/// Attention of every pixel with every pixel, one head. Source: flux/modules/autoencoder.py `AttnBlock`.
class AttnBlock {
 public:
  AttnBlock(WeightLoader& weights, const std::string& name, std::int64_t channels, std::int64_t groups);

  /// In place, x [h, w, channels].
  void forward(Backend& backend, Tensor& x) const;

 private:
  std::int64_t groups_;
  Tensor norm_weight_, norm_bias_;
  LinearWeightPtr qkv_, proj_out_;
};

/// Block, attention, block at the lowest resolution.
class MidBlock {
 public:
  MidBlock(WeightLoader& weights, const std::string& name, std::int64_t channels, std::int64_t groups);

  Tensor forward(Backend& backend, Tensor x, const StopToken& stop) const;

 private:
  ResnetBlock block_1_;
  AttnBlock attn_1_;
  ResnetBlock block_2_;
};

/// Half the resolution. Source: flux/modules/autoencoder.py `Downsample`.
Tensor downsample(Backend& backend, const Tensor& x, const ConvWeight& conv);

/// Twice the resolution: each pixel four times, then a 3x3 convolution, in strips of rows.
/// Source: flux/modules/autoencoder.py `Upsample`.
Tensor upsample(Backend& backend, const Tensor& x, const ConvWeight& conv, const StopToken& stop);

}  // namespace palimpsest
