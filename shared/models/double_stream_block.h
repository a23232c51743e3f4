#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/models/flux_config.h"
#include "shared/models/modulation.h"
#include "shared/models/weight_loader.h"

namespace palimpsest {

/// Text and picture tokens with weights of their own, joined in one attention.
/// Source: Esser et al. 2024, section 4 (MM-DiT); flux/modules/layers.py `DoubleStreamBlock`.
class DoubleStreamBlock {
 public:
  DoubleStreamBlock(const FluxConfig& config, WeightLoader& weights, std::int64_t index);

  /// Modulation vectors of both streams for all steps of a run.
  struct Tables {
    Tensor img, txt;
  };
  Tables modulation(Backend& backend, const Tensor& silu_vec) const;

  /// In place.  x [T, hidden]: text_tokens rows of text, then the pictures'.  pe f32 [T, head_dim/2, 2].
  void forward(Backend& backend, Tensor& x, std::int64_t text_tokens, const Tensor& pe, const Tables& tables,
               std::size_t step) const;

 private:
  struct Stream {
    Stream(const FluxConfig& config, WeightLoader& weights, const std::string& prefix);

    void write_qkv(Backend& backend, const Tensor& x, const ModulationOut& modulation, const Tensor& pe,
                   std::int64_t heads, Tensor qkv_rows) const;
    void add_attention(Backend& backend, const Tensor& attention, const ModulationOut& modulation, Tensor x) const;
    void add_mlp(Backend& backend, const ModulationOut& modulation, Tensor x) const;

    Modulation mod;
    LinearWeightPtr qkv;
    Tensor query_norm, key_norm;
    LinearWeightPtr proj, mlp_0, mlp_2;
  };

  std::int64_t hidden_size_, num_heads_;
  Stream img_, txt_;
};

}  // namespace palimpsest
