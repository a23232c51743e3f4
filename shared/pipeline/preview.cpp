#include "shared/pipeline/preview.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

std::array<float, 3> read_colour(const Json& json, const std::string& name) {
  const Json::Array* numbers = json.as_array();
  std::array<float, 3> colour{};
  if (numbers == nullptr || numbers->size() != colour.size()) {
    fail("CONFIG_INVALID", "[palimpsest.json] " + name + " does not hold 3 numbers");
  }
  for (std::size_t i = 0; i < colour.size(); ++i) {
    double value = 0;
    if (!(*numbers)[i].to_double(value) || !(std::abs(value) <= 1000)) {
      fail("CONFIG_INVALID", "[palimpsest.json] " + name + " holds something that is not a number from -1000 to 1000");
    }
    colour[i] = static_cast<float>(value);
  }
  return colour;
}

std::uint8_t to_level(float unit) {
  const float level = std::nearbyint((unit + 1.0F) * 127.5F);
  return static_cast<std::uint8_t>(level > 0 ? std::min(level, 255.0F) : 0.0F);  // NaN becomes 0
}

}  // namespace

const PreviewFactors& flux_preview_factors() {
  static const PreviewFactors factors = {{{{-.041168F, .019917F, .097253F},
                                           {.028096F, .026730F, .129576F},
                                           {.065618F, -.067950F, -.014651F},
                                           {-.012998F, -.014762F, .081251F},
                                           {.078567F, .059296F, -.024687F},
                                           {-.015987F, -.003697F, .005012F},
                                           {.033605F, .138999F, .068517F},
                                           {-.024450F, -.063567F, -.030101F},
                                           {-.040194F, -.016710F, .127185F},
                                           {.112681F, .088764F, -.041940F},
                                           {-.023498F, .093664F, .025543F},
                                           {.082899F, .048320F, .007491F},
                                           {.075712F, .074139F, .081965F},
                                           {-.143501F, .018263F, -.136138F},
                                           {-.025767F, -.082035F, -.040023F},
                                           {-.111849F, -.055589F, -.032361F}}},
                                         {.024600F, -.006937F, -.008089F}};
  return factors;
}

PreviewFactors read_preview_factors(const Json& palimpsest_json) {
  PreviewFactors factors = flux_preview_factors();
  const Json* rows = palimpsest_json.find("latent_rgb_factors");
  const Json* bias = palimpsest_json.find("latent_rgb_bias");
  if (rows == nullptr && bias == nullptr) return factors;
  const Json::Array* array = rows != nullptr ? rows->as_array() : nullptr;
  if (array == nullptr || array->size() != factors.rgb_of_channel.size() || bias == nullptr) {
    fail("CONFIG_INVALID", "[palimpsest.json] latent_rgb_factors needs 16 rows, and latent_rgb_bias beside it");
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    factors.rgb_of_channel[i] = read_colour((*array)[i], "latent_rgb_factors[" + std::to_string(i) + "]");
  }
  factors.bias = read_colour(*bias, "latent_rgb_bias");
  return factors;
}

Image preview(const Latents& latents, const PreviewFactors& factors) {
  const std::size_t channels = factors.rgb_of_channel.size();
  if (static_cast<std::size_t>(latents.channels) != channels) {
    fail(codes::kInvalidValue,
         "[preview] the latents have " + std::to_string(latents.channels) + " channels; 16 are needed");
  }
  Image image({static_cast<int>(latents.width), static_cast<int>(latents.height)}, 3);
  for (std::size_t i = 0; i * channels < latents.values.size(); ++i) {
    std::array<float, 3> rgb = factors.bias;
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t k = 0; k < 3; ++k) rgb[k] += latents.values[i * channels + c] * factors.rgb_of_channel[c][k];
    }
    for (std::size_t k = 0; k < 3; ++k) image.pixels[i * 3 + k] = to_level(rgb[k]);
  }
  return image;
}

std::vector<float> clean_estimate(std::span<const float> x, std::span<const float> velocity, float t) {
  std::vector<float> clean(x.size());
  std::transform(x.begin(), x.end(), velocity.begin(), clean.begin(), [t](float a, float v) { return a - t * v; });
  return clean;
}

}  // namespace palimpsest
