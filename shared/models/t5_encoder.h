#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shared/models/t5_config.h"
#include "shared/models/weight_loader.h"

namespace palimpsest {

/// Which row of the bias table a pair of tokens uses, for relative = key - query (bidirectional, logs in f32 as the
/// reference has them). Source: transformers modeling_t5.py `_relative_position_bucket`.
std::int64_t t5_relative_position_bucket(std::int64_t relative, std::int64_t num_buckets, std::int64_t max_distance);

/// T5 v1.1 encoder. No scaling of inputs or attention, no mask: padding takes part.
/// Source: Raffel et al. 2020; transformers modeling_t5.py `T5EncoderModel`.
class T5Encoder {
 public:
  T5Encoder(const T5Config& config, WeightLoader& weights);

  static NameMap name_map(const T5Config& config, const TensorSource& source);
  static bool is_ignored(std::string_view name);

  const T5Config& config() const { return config_; }

  /// The last hidden states [T, d_model], compute dtype, of T token ids. Errors: `invalid_value` for no ids or one
  /// outside of the vocabulary; `cancelled`.
  Tensor forward(std::span<const std::int32_t> ids, const StopToken& stop) const;

 private:
  struct Layer {
    Layer(const T5Config& config, WeightLoader& weights, std::int64_t index);

    Tensor attention_norm;
    LinearWeightPtr qkv, o;
    Tensor ff_norm;
    LinearWeightPtr wi_0, wi_1, wo;
  };

  void apply(const Layer& layer, const Tensor& bias, Tensor& x) const;
  Tensor relative_bias(std::int64_t tokens) const;

  T5Config config_;
  Backend* backend_;
  Tensor embedding_;
  std::vector<float> bias_table_;  // [buckets, heads], shared by all layers
  std::vector<Layer> layers_;
  Tensor final_norm_;
};

}  // namespace palimpsest
