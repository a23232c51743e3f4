#pragma once

#include <cstdint>

#include "shared/base/json.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// Shape of a T5 v1.1 encoder (gated GELU), with the names of its config.json.
struct T5Config {
  std::int64_t d_model = 4096;
  std::int64_t d_kv = 64;  ///< width of one head
  std::int64_t d_ff = 10240;
  std::int64_t num_layers = 24;
  std::int64_t num_heads = 64;
  std::int64_t vocab_size = 32128;
  std::int64_t relative_attention_num_buckets = 32;
  std::int64_t relative_attention_max_distance = 128;
  double layer_norm_epsilon = 1e-6;
};

/// Errors: `CONFIG_INVALID` naming the member that is missing, of another type or out of range.
T5Config t5_config_from_json(const Json& json);

/// From the shapes of a checkpoint without configuration.
/// Errors: `MODEL_ARCH_MISMATCH` for another network's tensors, `CONFIG_INVALID`.
T5Config t5_config_from_tensors(const TensorSource& source);

}  // namespace palimpsest
