#pragma once

#include <cstdint>
#include <string>

namespace palimpsest {

/// Dimensions that decide how much memory a run takes; plain numbers, so that nothing needs to be loaded to plan.
struct ModelDims {
  std::uint64_t parameters = 0;       ///< of all networks together
  std::int64_t hidden_size = 0;       ///< of the transformer: 3072
  std::int64_t mlp_size = 0;          ///< hidden units of its blocks: 12288
  std::int64_t text_tokens = 0;       ///< 512
  std::int64_t t5_size = 0;           ///< width of the T5 encoder: 4096
  std::int64_t t5_mlp_size = 0;       ///< 10240
  std::int64_t decoder_channels = 0;  ///< of the AutoEncoder's widest map at full size: 256
  int dtype_bytes = 2;                ///< of one weight or activation as it is computed with: 2 for bf16, 4 for f32
};

/// Pictures of one run, in pixels. Without a reference its size is 0 x 0.
struct RunSize {
  std::int64_t width = 0, height = 0;
  std::int64_t reference_width = 0, reference_height = 0;
};

/// Bytes of one run at its peak.
struct MemoryPlan {
  std::uint64_t weights = 0;
  std::uint64_t activations = 0;  ///< of the phase that needs most: text encoders, transformer or AutoEncoder
  std::uint64_t total() const { return weights + activations; }
};

/// An estimate from above, of what is live at once where most is: weights packed in the compute type; T5 with its
/// gated MLP; in a single-stream block the residual, its norm, the three of q, k and v twice, the MLP and the joint
/// input of the last product; in the AutoEncoder three maps at full size. Attention keeps no score matrix.
MemoryPlan plan_memory(const ModelDims& model, const RunSize& run);

/// Errors: `out_of_memory` (507) with the bytes needed and available: where the weights alone do not fit, so; where
/// only the activations are too much, with the largest size of the same proportions that fits.
void check_memory(const ModelDims& model, const RunSize& run, std::uint64_t available_bytes);

}  // namespace palimpsest
