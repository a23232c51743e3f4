#include "native/jobs/mask.h"

#include <string>

#include "shared/api/size.h"
#include "shared/base/error.h"

namespace palimpsest {
namespace {

[[noreturn]] void refuse(const std::string& problem) {
  throw PalimpsestError({std::string(codes::kInvalidValue), problem, "mask"});
}

/// How opaque each pixel of the mask is.
Image opacity_of(const Image& mask) {
  Image opacity(mask.size(), 1);
  for (std::size_t i = 0; i < opacity.pixels.size(); ++i) opacity.pixels[i] = mask.pixels[4 * i + 3];
  return opacity;
}

}  // namespace

void check_mask(const Image& input, const Image& mask) {
  if (mask.size() != input.size()) {
    refuse("mask is " + to_string(mask.size()) + " and image " + to_string(input.size()) +
           "; they must have the same size");
  }
  if (mask.channels != 4) refuse("mask has no transparent pixels; those that may change must be transparent");
}

Image keep_masked(const Image& result, const Image& input, const Image& mask, Fit fit) {
  check_mask(input, mask);
  const Image kept = fit_image(to_rgb(input), result.size(), fit);
  const Image opacity = fit_image(opacity_of(mask), result.size(), fit);
  Image blended = to_rgb(result);
  for (std::size_t i = 0; i < blended.pixels.size(); ++i) {
    const int opaque = opacity.pixels[i / 3];
    blended.pixels[i] =
        static_cast<std::uint8_t>((kept.pixels[i] * opaque + blended.pixels[i] * (255 - opaque) + 127) / 255);
  }
  return blended;
}

}  // namespace palimpsest
