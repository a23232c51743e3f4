#pragma once

#include <vector>

#include "shared/models/autoencoder_config.h"
#include "shared/models/clip_text_config.h"
#include "shared/models/flux_config.h"
#include "shared/models/t5_config.h"
#include "shared/tensor/backend.h"
#include "shared/verify/check_result.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

// Each loads a network's weights onto the backend, runs every case of the golden file `io` and compares. Tolerances
// are those of the golden files for the backend's compute dtype: what a float64 computation differs from the f32
// reference (with a margin), or what the reference's own bf16 run differs.
// Errors: those of load_network and of GoldenCase.

/// Inputs in.{img, img_ids, txt, timesteps, y, guidance}, n_noise_tokens; compares `out` and `trace.*`.
std::vector<CheckResult> verify_transformer(const TensorSource& weights, const FluxConfig& config,
                                            const TensorSource& io, Backend& backend);

/// Compares the encoding of in.image with z, and the decodings of z and in.z2 with decoded and decoded2.
std::vector<CheckResult> verify_autoencoder(const TensorSource& weights, const AutoEncoderConfig& config,
                                            const TensorSource& io, Backend& backend);

/// Compares last_hidden_state for input_ids.
std::vector<CheckResult> verify_t5(const TensorSource& weights, const T5Config& config, const TensorSource& io,
                                   Backend& backend);

/// Compares pooler_output for input_ids.
std::vector<CheckResult> verify_clip(const TensorSource& weights, const ClipTextConfig& config, const TensorSource& io,
                                     Backend& backend);

}  // namespace palimpsest
