#include "shared/image/image.h"

namespace palimpsest {

bool Image::is_consistent() const {
  if (width <= 0 || height <= 0) return false;
  if (channels != 1 && channels != 3 && channels != 4) return false;
  return pixels.size() == row_bytes() * static_cast<std::size_t>(height);
}

Image to_rgb(const Image& image) {
  if (image.channels == 3) return image;
  Image rgb(image.size(), 3);
  const std::size_t count = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) rgb.pixels[i * 3 + c] = image.pixels[i * channels + (channels == 1 ? 0 : c)];
  }
  return rgb;
}

}  // namespace palimpsest
