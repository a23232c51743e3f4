// shared/image: 8-bit pictures in memory: what they are, how they are resized and compared.
// Any folder that handles pictures may include it; it includes shared/base only and never throws.
// Start here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace palimpsest {

/// Width and height in pixels.
struct ImageSize {
  int width = 0, height = 0;
  bool operator==(const ImageSize&) const = default;
};

/// A picture of 8-bit samples in sRGB.  pixels: [height, width, channels], rows from the top, no padding;
/// channels: 1 grey, 3 RGB, 4 RGB and straight alpha.
struct Image {
  int width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> pixels;

  Image() = default;
  /// All samples 0.
  Image(ImageSize size, int channel_count)
      : width(size.width),
        height(size.height),
        channels(channel_count),
        pixels(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) *
               static_cast<std::size_t>(channel_count)) {}

  ImageSize size() const { return {width, height}; }
  std::size_t row_bytes() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels); }
  const std::uint8_t* row(int y) const { return pixels.data() + static_cast<std::size_t>(y) * row_bytes(); }
  std::uint8_t* row(int y) { return pixels.data() + static_cast<std::size_t>(y) * row_bytes(); }

  /// Whether `pixels` has the size that the other members promise, with at least one pixel and 1, 3 or 4 channels.
  bool is_consistent() const;

  bool operator==(const Image&) const = default;
};

/// The picture as RGB: grey is repeated, alpha is left out and not blended (as Pillow's convert("RGB")).
Image to_rgb(const Image& image);

}  // namespace palimpsest
