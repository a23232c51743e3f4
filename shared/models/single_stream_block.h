#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/models/flux_config.h"
#include "shared/models/modulation.h"
#include "shared/models/weight_loader.h"

namespace palimpsest {

/// All tokens alike; attention and MLP side by side on the same normalised input.
/// Source: Dehghani et al. 2023, section 2 (parallel layers); flux/modules/layers.py `SingleStreamBlock`.
class SingleStreamBlock {
 public:
  SingleStreamBlock(const FluxConfig& config, WeightLoader& weights, std::int64_t index);

  /// Modulation vectors for all steps of a run.
  Tensor modulation(Backend& backend, const Tensor& silu_vec) const { return modulation_.forward(backend, silu_vec); }

  /// In place, rows from `first_row` on; those before it only serve as keys and values and stay as they are.
  /// x [T, hidden], pe f32 [T, head_dim/2, 2], `table` from modulation().
  void forward(Backend& backend, Tensor& x, const Tensor& pe, const Tensor& table, std::size_t step,
               std::int64_t first_row) const;

 private:
  std::int64_t hidden_size_, num_heads_, mlp_hidden_size_;
  Modulation modulation_;
  LinearWeightPtr linear1_qkv_, linear1_mlp_, linear2_;
  Tensor query_norm_, key_norm_;
};

}  // namespace palimpsest
