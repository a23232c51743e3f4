#include "native/imaging/blend.h"

namespace palimpsest {

Image blend_on_white(const Image& image) {
  if (image.channels != 4) return to_rgb(image);
  Image rgb(image.size(), 3);
  const std::size_t count = image.pixels.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    const int alpha = image.pixels[i * 4 + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const int sample = image.pixels[i * 4 + c];
      rgb.pixels[i * 3 + c] = static_cast<std::uint8_t>((sample * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return rgb;
}

}  // namespace palimpsest
