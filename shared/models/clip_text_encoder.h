#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shared/models/clip_text_config.h"
#include "shared/models/weight_loader.h"

namespace palimpsest {

/// CLIP's text tower, for its pooled output alone.
/// Source: Radford et al. 2021; transformers modeling_clip.py `CLIPTextModel`.
class ClipTextEncoder {
 public:
  ClipTextEncoder(const ClipTextConfig& config, WeightLoader& weights);

  static NameMap name_map(const ClipTextConfig& config, const TensorSource& source);
  static bool is_ignored(std::string_view name);

  const ClipTextConfig& config() const { return config_; }

  /// The pooled vector [1, hidden_size], compute dtype: the state of the first end token, behind the final norm,
  /// without text_projection. Errors: `invalid_value` for ids without an end token, more than there are positions or
  /// outside of the vocabulary; `cancelled`.
  Tensor forward(std::span<const std::int32_t> ids, const StopToken& stop) const;

 private:
  struct Norm {
    Norm(WeightLoader& weights, const std::string& name, std::int64_t size);

    Tensor weight, bias;
  };
  struct Layer {
    Layer(const ClipTextConfig& config, WeightLoader& weights, std::int64_t index);

    Norm norm1;
    LinearWeightPtr qkv, out_proj;
    Norm norm2;
    LinearWeightPtr fc1, fc2;
  };

  void apply(const Layer& layer, Tensor& x) const;
  Tensor normalised(const Tensor& x, const Norm& norm) const;

  ClipTextConfig config_;
  Backend* backend_;
  Tensor token_embedding_, position_embedding_;
  std::vector<Layer> layers_;
  Norm final_norm_;
};

}  // namespace palimpsest
