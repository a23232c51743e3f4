#pragma once

#include <vector>

#include "shared/models/autoencoder_config.h"
#include "shared/models/flux_config.h"
#include "shared/tensor/backend.h"
#include "shared/verify/check_result.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// The Euler loop: in.{img, img_ids, img_cond_seq, img_cond_seq_ids, txt, vec, guidance, timesteps} to step<i> and out.
/// Errors: as verify_transformer().
std::vector<CheckResult> verify_denoise_loop(const TensorSource& weights, const FluxConfig& config,
                                             const TensorSource& golden, Backend& backend);

/// The preparation of an edit: in.image_u8 and in.preferred to the resized picture, its tokens and ids, and in.seed to
/// the noise. Errors: as verify_autoencoder().
std::vector<CheckResult> verify_prepare(const TensorSource& weights, const AutoEncoderConfig& config,
                                        const TensorSource& golden, Backend& backend);

}  // namespace palimpsest
