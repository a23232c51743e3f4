#pragma once

#include <array>
#include <span>

#include "shared/base/json.h"
#include "shared/image/image.h"
#include "shared/pipeline/latents.h"

namespace palimpsest {

/// A linear map from the 16 channels of a latent pixel to the mean colour of its pixels in -1 … 1.
struct PreviewFactors {
  std::array<std::array<float, 3>, 16> rgb_of_channel;
  std::array<float, 3> bias;
};

/// The factors for the AutoEncoder of FLUX.1. Source: stable-diffusion.cpp latent-preview.h `flux_latent_rgb_proj`.
const PreviewFactors& flux_preview_factors();

/// `latent_rgb_factors` [16][3] and `latent_rgb_bias` [3] of a checkpoint's `palimpsest.json`; FLUX.1's where they are
/// absent. Errors: `CONFIG_INVALID` for other shapes or numbers beyond ±1000.
PreviewFactors read_preview_factors(const Json& palimpsest_json);

/// A rough picture of latents, each latent pixel as one pixel. Errors: `invalid_value` unless there are 16 channels.
Image preview(const Latents& latents, const PreviewFactors& factors);

/// What the network takes the clean latents to be: x - t·v, element by element.
std::vector<float> clean_estimate(std::span<const float> x, std::span<const float> velocity, float t);

}  // namespace palimpsest
