#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/models/weight_loader.h"

namespace palimpsest {

/// What one modulated sub-layer needs, f32 [hidden] each.
struct ModulationOut {
  Tensor shift, scale, gate;
};

/// The vectors that steer a block, linear in silu(vec). They depend on nothing but the conditioning and the time, so
/// they are computed for all steps of a run at once. Source: flux/modules/layers.py `Modulation`.
class Modulation {
 public:
  /// `sublayers`: 2 for one stream of a double stream block, 1 for a single stream block.
  Modulation(WeightLoader& weights, const std::string& name, std::int64_t hidden_size, std::int64_t sublayers);

  /// silu(vec) f32 [steps, hidden] to f32 [steps, sublayers · 3 · hidden].
  Tensor forward(Backend& backend, const Tensor& silu_vec) const;

 private:
  LinearWeightPtr lin_;
};

/// The part of `table` (made by Modulation::forward) for one step and one sub-layer, as views.
ModulationOut modulation_at(const Tensor& table, std::size_t step, std::int64_t sublayer, std::int64_t hidden_size);

}  // namespace palimpsest
