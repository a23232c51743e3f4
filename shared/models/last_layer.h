#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/models/flux_config.h"
#include "shared/models/weight_loader.h"

namespace palimpsest {

/// Modulated norm and projection of the picture tokens. Source: flux/modules/layers.py `LastLayer`.
class LastLayer {
 public:
  LastLayer(const FluxConfig& config, WeightLoader& weights);

  /// f32 [steps, 2 · hidden]: shift and scale for all steps of a run.
  Tensor modulation(Backend& backend, const Tensor& silu_vec) const;

  /// x [T, hidden] to f32 [T, out_channels].
  Tensor forward(Backend& backend, const Tensor& x, const Tensor& table, std::size_t step) const;

 private:
  std::int64_t hidden_size_;
  LinearWeightPtr adaln_modulation_, linear_;
};

}  // namespace palimpsest
