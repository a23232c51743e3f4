// What the formats' own files share; not for other folders.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/imaging/decode.h"
#include "native/imaging/encode.h"
#include "native/imaging/orientation.h"
#include "shared/base/error.h"

namespace palimpsest {

/// Error codes of pictures.
namespace codes {
inline constexpr std::string_view kImageInvalid = "image_invalid";
inline constexpr std::string_view kImageTruncated = "image_truncated";
inline constexpr std::string_view kImageTooLarge = "image_too_large";
inline constexpr std::string_view kImageTooComplex = "image_too_complex";
inline constexpr std::string_view kImageUnsupported = "image_unsupported";
inline constexpr std::string_view kImageNotEncoded = "image_not_encoded";
}  // namespace codes

/// How the samples of a Frame are meant.
enum class ColorModel {
  grey,  ///< stored as RGB with three equal samples
  rgb,
  cmyk,  ///< four channels, 255 is full ink
};

/// The colours of a file without an ICC profile that are not sRGB.
struct ColorSpace {
  double white_x = 0.3127, white_y = 0.3290;
  double red_x = 0.64, red_y = 0.33, green_x = 0.30, green_y = 0.60, blue_x = 0.15, blue_y = 0.06;
  std::optional<double> gamma;  ///< exponent from samples to light; absent: sRGB's own curve
};

/// A picture as its codec delivers it: in its own colours, not yet upright.
struct Frame {
  Image image;  ///< RGB, RGB and straight alpha, or CMYK
  ColorModel model = ColorModel::rgb;
  std::string icc_profile;                ///< empty where there is none
  std::optional<ColorSpace> color_space;  ///< where there is no profile
  Orientation orientation = Orientation::upright;
  std::vector<std::string> warnings;
};

/// Profiles above this are ignored.
inline constexpr std::size_t kMaxIccBytes = std::size_t{4} << 20;

ImageInfo probe_png(std::string_view file);
ImageInfo probe_jpeg(std::string_view file);
ImageInfo probe_webp(std::string_view file);
ImageInfo probe_gif(std::string_view file);
ImageInfo probe_avif(std::string_view file);

// `info` is what the probe of the same file said; its size has passed the limits.
Frame decode_png(std::string_view file, const ImageInfo& info);
Frame decode_jpeg(std::string_view file, const ImageInfo& info);
Frame decode_webp(std::string_view file, const ImageInfo& info);
Frame decode_gif(std::string_view file, const ImageInfo& info);
Frame decode_avif(std::string_view file, const ImageInfo& info);

// The picture is consistent, the options are checked.
std::string encode_png(const Image& image, const EncodeOptions& options);
std::string encode_jpeg(const Image& image, const EncodeOptions& options);
std::string encode_webp(const Image& image, const EncodeOptions& options);
std::string encode_gif(const Image& image, const EncodeOptions& options);
std::string encode_avif(const Image& image, const EncodeOptions& options);

inline const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}
inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// Calls a C library's own function where a std::unique_ptr is destroyed.
template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};

}  // namespace palimpsest
