#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/models/double_stream_block.h"
#include "shared/models/embeddings.h"
#include "shared/models/flux_config.h"
#include "shared/models/last_layer.h"
#include "shared/models/single_stream_block.h"
#include "shared/models/weight_loader.h"

namespace palimpsest {

/// Everything about a run that does not change from step to step.
struct FluxConditioning {
  Tensor txt;                        ///< text tokens [text, context_in_dim]
  Tensor vec;                        ///< pooled text vector [1, vec_in_dim]
  float guidance = 0;                ///< 0 … 100; without effect where the network has no guidance embedding
  std::vector<float> timesteps;      ///< 0 … 1, one for each call of forward
  std::vector<float> noise_ids;      ///< f32 [noise, 3]
  Tensor references;                 ///< tokens of the reference pictures [references, in_channels]; may be empty
  std::vector<float> reference_ids;  ///< f32 [references, 3]
};

/// A conditioning that the network has taken in. About 4.2 MB of modulation vectors for each step of FLUX.1.
struct FluxRun {
  std::int64_t text_tokens = 0, reference_tokens = 0, noise_tokens = 0;
  Tensor txt, references;  // [text, hidden], [references, hidden]
  Tensor pe;               // f32 [text + references + noise, head_dim/2, 2]
  std::vector<DoubleStreamBlock::Tables> double_tables;
  std::vector<Tensor> single_tables;
  Tensor last_table;
};

/// Sees intermediate states, for tests and for `verify`. Names as in the reference ("vec", "img_in",
/// "double_blocks.0.img", "single_blocks.2"); token rows are in the network's order: text, references, noise.
using FluxTrace = std::function<void(const std::string& name, const Tensor& state)>;

/// The rectified flow transformer of FLUX.1: predicts the velocity of picture tokens.
/// Source: flux/model.py `Flux`.
class FluxTransformer {
 public:
  FluxTransformer(const FluxConfig& config, WeightLoader& weights);

  static NameMap name_map(const FluxConfig& config, const TensorSource& source);
  static bool is_ignored(std::string_view name);

  const FluxConfig& config() const { return config_; }

  /// Errors: `invalid_value` naming the member of the conditioning whose shape or range does not fit.
  FluxRun prepare(const FluxConditioning& conditioning, const FluxTrace& trace = {}) const;

  /// The prediction f32 [noise, out_channels] at timesteps[step] for the noise tokens img [noise, in_channels] (f32 or
  /// compute dtype). Errors: `invalid_value`; `cancelled`, looked at before each block.
  Tensor forward(const FluxRun& run, std::size_t step, const Tensor& img, const StopToken& stop,
                 const FluxTrace& trace = {}) const;

 private:
  void check(const FluxConditioning& conditioning) const;
  Tensor silu_vec(const FluxConditioning& conditioning, const FluxTrace& trace) const;
  Tensor rotation_table(const FluxConditioning& conditioning) const;
  Tensor joined_tokens(const FluxRun& run, const Tensor& img) const;

  FluxConfig config_;
  Backend* backend_;
  LinearWeightPtr img_in_, txt_in_;
  MlpEmbedder time_in_, vector_in_;
  std::vector<MlpEmbedder> guidance_in_;  // one, or none
  std::vector<DoubleStreamBlock> double_blocks_;
  std::vector<SingleStreamBlock> single_blocks_;
  LastLayer final_layer_;
};

}  // namespace palimpsest
