#include "shared/pipeline/pixels.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "shared/base/error.h"

namespace palimpsest {

std::vector<float> to_unit_range(const Image& image) {
  const Image rgb = to_rgb(image);
  std::vector<float> values(rgb.pixels.size());
  std::transform(rgb.pixels.begin(), rgb.pixels.end(), values.begin(),
                 [](std::uint8_t sample) { return static_cast<float>(sample) / 127.5F - 1.0F; });
  return values;
}

Image from_unit_range(std::span<const float> values, ImageSize size) {
  Image image(size, 3);
  if (image.pixels.size() != values.size()) {
    fail(codes::kInvalidValue, "[pixels] " + std::to_string(values.size()) + " values are not a picture of " +
                                   std::to_string(size.width) + "x" + std::to_string(size.height));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      fail(codes::kInternal, "the picture holds values that are not finite: the model's arithmetic overflowed", 500);
    }
    const float unit = std::clamp(values[i] / 2.0F + 0.5F, 0.0F, 1.0F);
    image.pixels[i] = static_cast<std::uint8_t>(std::nearbyint(unit * 255.0F));
  }
  return image;
}

}  // namespace palimpsest
