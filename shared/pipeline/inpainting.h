#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shared/image/fit.h"
#include "shared/image/image.h"

namespace palimpsest {

/// How much of the input each pixel of an edit keeps, from its mask: 255 where the mask is opaque. Within the part that
/// may change, the first pixels behind the border (1/256 of the shorter side, at least one) are a mixture, so that the
/// border is not seen; nothing outside of it is touched. `mask` has straight alpha.
Image keep_weights(const Image& mask, ImageSize size, Fit fit);

/// The same for each value of the tokens of a picture of that size: means over latent pixels, 0 … 1, in the order of
/// `pack`. `weights` has sides that are multiples of 16 and one channel.
std::vector<float> token_weights(const Image& weights, std::int64_t channels);

/// Leads a velocity, in place, so that what is kept goes straight from the noise to the reference: a weight of 1
/// arrives there exactly. All have the same number of values. Source: the straight paths of flow matching, x =
/// (1-t)·reference + t·noise, whose velocity is noise - reference; Avrahami et al. 2022, "Blended latent diffusion".
void keep_on_course(std::span<float> velocity, std::span<const float> noise, std::span<const float> reference,
                    std::span<const float> weights);

/// The result with as much of the input put back as the weights say; all of one size, both pictures RGB.
Image keep_pixels(const Image& result, const Image& input, const Image& weights);

}  // namespace palimpsest
