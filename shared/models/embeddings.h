#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/models/weight_loader.h"

namespace palimpsest {

inline constexpr std::int64_t kTimestepEmbeddingSize = 256;

/// Sinusoids f32 [values, 256] of times in 0 … 1 or guidance strengths: cosines, then sines, of 1000·v at 128
/// frequencies from 1 down to almost 1/10000. |v| ≤ 100. Source: flux/modules/layers.py `timestep_embedding`.
std::vector<float> timestep_embedding(std::span<const float> values);

/// Rotation table f32 [tokens, sum(axes_dim)/2, 2] = (cos, sin) of ids f32 [tokens, axes]: pair k of an axis of d
/// features turns by id · theta^(-2k/d). |id| ≤ 100000. Source: flux/modules/layers.py `EmbedND`, flux/math.py `rope`.
std::vector<float> embed_nd(std::span<const float> ids, std::span<const std::int64_t> axes_dim, double theta);

/// Linear, SiLU, linear. Source: flux/modules/layers.py `MLPEmbedder`.
class MlpEmbedder {
 public:
  MlpEmbedder(WeightLoader& weights, const std::string& name, std::int64_t in_dim, std::int64_t hidden_dim);

  /// x [M, in_dim] to f32 [M, hidden_dim].
  Tensor forward(Backend& backend, const Tensor& x) const;

 private:
  LinearWeightPtr in_layer_, out_layer_;
};

}  // namespace palimpsest
