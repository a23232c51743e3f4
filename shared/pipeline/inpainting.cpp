#include "shared/pipeline/inpainting.h"

#include <algorithm>
#include <cstddef>

#include "shared/pipeline/latents.h"

namespace palimpsest {
namespace {

constexpr int kBorderShare = 256;  // of the shorter side

Image opacity_of(const Image& mask) {
  Image opacity(mask.size(), 1);
  for (std::size_t i = 0; i < opacity.pixels.size(); ++i) opacity.pixels[i] = mask.pixels[4 * i + 3];
  return opacity;
}

/// Means over 2·radius + 1 values along one axis; beyond the ends the last value goes on.
void blur_line(const std::uint8_t* from, std::uint8_t* to, std::ptrdiff_t stride, int count, int radius) {
  const auto at = [&](int i) { return from[std::clamp(i, 0, count - 1) * stride]; };
  int sum = 0;
  for (int i = -radius; i <= radius; ++i) sum += at(i);
  for (int i = 0; i < count; ++i) {
    to[i * stride] = static_cast<std::uint8_t>(sum / (2 * radius + 1));
    sum += at(i + radius + 1) - at(i - radius);
  }
}

Image blurred(const Image& image, int radius) {
  Image rows(image.size(), 1), both(image.size(), 1);
  for (int y = 0; y < image.height; ++y) blur_line(image.row(y), rows.row(y), 1, image.width, radius);
  for (int x = 0; x < image.width; ++x)
    blur_line(rows.pixels.data() + x, both.pixels.data() + x, image.width, image.height, radius);
  return both;
}

}  // namespace

Image keep_weights(const Image& mask, ImageSize size, Fit fit) {
  Image weights = fit_image(opacity_of(mask), size, fit);
  const Image soft = blurred(weights, std::max(1, std::min(size.width, size.height) / kBorderShare));
  // At a straight border the blurred mask is one half, and falls from there. Where the mask is soft already it stays.
  for (std::size_t i = 0; i < weights.pixels.size(); ++i) {
    if (weights.pixels[i] == 0) weights.pixels[i] = static_cast<std::uint8_t>(std::min(255, 2 * soft.pixels[i]));
  }
  return weights;
}

std::vector<float> token_weights(const Image& weights, std::int64_t channels) {
  const std::int64_t height = weights.height / kPixelsPerLatent, width = weights.width / kPixelsPerLatent;
  Latents latents{height, width, channels, {}};
  latents.values.reserve(static_cast<std::size_t>(height * width * channels));
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      int sum = 0;
      for (int row = 0; row < kPixelsPerLatent; ++row) {
        const std::uint8_t* pixels = weights.row(static_cast<int>(y) * kPixelsPerLatent + row) + x * kPixelsPerLatent;
        for (int column = 0; column < kPixelsPerLatent; ++column) sum += pixels[column];
      }
      const float mean = static_cast<float>(sum) / (255.0F * kPixelsPerLatent * kPixelsPerLatent);
      latents.values.insert(latents.values.end(), static_cast<std::size_t>(channels), mean);
    }
  }
  return pack(latents);
}

void keep_on_course(std::span<float> velocity, std::span<const float> noise, std::span<const float> reference,
                    std::span<const float> weights) {
  for (std::size_t i = 0; i < velocity.size(); ++i) {
    velocity[i] += weights[i] * (noise[i] - reference[i] - velocity[i]);
  }
}

Image keep_pixels(const Image& result, const Image& input, const Image& weights) {
  Image blended = result;
  for (std::size_t i = 0; i < blended.pixels.size(); ++i) {
    const int kept = weights.pixels[i / 3];
    blended.pixels[i] =
        static_cast<std::uint8_t>((input.pixels[i] * kept + blended.pixels[i] * (255 - kept) + 127) / 255);
  }
  return blended;
}

}  // namespace palimpsest
