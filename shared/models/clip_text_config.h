#pragma once

#include <cstdint>

#include "shared/base/json.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// Shape of a CLIP text tower (quick GELU), with the names of its config.json.
struct ClipTextConfig {
  std::int64_t hidden_size = 768;
  std::int64_t intermediate_size = 3072;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t max_position_embeddings = 77;
  std::int64_t vocab_size = 49408;
  std::int64_t eos_token_id = 49407;
  double layer_norm_eps = 1e-5;
};

/// From the config.json of a text tower, or of a whole CLIP that has it as `text_config`. An eos_token_id that is
/// missing or 2 (a mistake in the published files) means the last id of the vocabulary.
/// Errors: `CONFIG_INVALID` naming the member that is missing, of another type or out of range.
ClipTextConfig clip_text_config_from_json(const Json& json);

/// From the shapes of a checkpoint without configuration; heads are 64 wide.
/// Errors: `MODEL_ARCH_MISMATCH` for another network's tensors, `CONFIG_INVALID`.
ClipTextConfig clip_text_config_from_tensors(const TensorSource& source);

}  // namespace palimpsest
