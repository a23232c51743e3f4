// Makes picture files for the tests, sound and damaged, with the codecs' own libraries or byte by byte.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "native/imaging/decode.h"
#include "shared/base/error.h"
#include "shared/image/image.h"

namespace palimpsest::testing {

/// A picture with smooth parts, an edge and some noise; every pixel of a small one is different.
Image sample_picture(ImageSize size, int channels);

/// A big or little endian number of `bytes` bytes.
std::string big_endian(std::uint32_t value, int bytes = 4);
std::string little_endian(std::uint32_t value, int bytes = 4);

/// The error code with which decode_image refuses a file; empty where it does not. Everything but PalimpsestError
/// passes through. On the way the probe must not say anything else than the decoder about a bad header.
std::string refusal(std::string_view file, const DecodeLimits& limits = {});

/// A PNG file by parts. Samples are of `bits` bits, row by row, as many to a pixel as the colour type has.
struct PngParts {
  std::uint32_t width = 1, height = 1;
  int bits = 8, color_type = 2;
  bool interlaced = false;
  std::string before_pixels;  ///< chunks between IHDR and IDAT
  std::function<std::uint32_t(std::uint32_t x, std::uint32_t y, int c)> sample;
};
std::string png_chunk(std::string_view type, std::string_view data);
std::string png_header(std::uint32_t width, std::uint32_t height, int bits, int color_type, bool interlaced = false);
std::string png_file(const PngParts& parts);
std::string zlib(std::string_view bytes);

/// A TIFF block with one directory entry of the given type, count and value.
std::string exif_block(std::uint32_t value, bool is_big_endian = false, std::uint32_t type = 3,
                       std::uint32_t count = 1);

/// A JPEG file of samples as libjpeg stores them, [height, width, components].
struct JpegParts {
  Image samples;  ///< 1, 3 or 4 channels
  int quality = 100;
  enum class Kind { grey, ycc, rgb, cmyk, ycck } kind = Kind::ycc;
  bool adobe = true;  ///< of CMYK and YCCK: with Adobe's marker
  bool arithmetic = false, progressive = false;
  int horizontal = 1, vertical = 1;  ///< sampling factors of the first component
  std::string application_1;         ///< data of an APP1 segment
  std::vector<std::string> application_2;
  unsigned restart_interval = 0;  ///< in blocks
  bool full_band_scans = false;   ///< grey: one scan of DC, one of all AC
};
std::string jpeg_file(const JpegParts& parts);

/// A GIF file byte by byte; pixels are stored with a clear code before each so that no table is needed.
struct GifParts {
  int screen_width = 4, screen_height = 2;
  int left = 0, top = 0, width = 4, height = 2;
  int code_size = 2;
  bool interlaced = false, has_colors = true, terminated = true;
  std::string before_image;           ///< blocks
  std::vector<std::uint8_t> indices;  ///< [height, width], below 4
  std::string color_table = std::string("\x00\x00\x00\xff\x00\x00\x00\xff\x00\x00\x00\xff", 12);
};
std::string gif_file(const GifParts& parts);

/// A WebP file with chunks of metadata and as many lossless frames as offsets, each as large as `picture`.
std::string webp_animation(const Image& picture, ImageSize canvas, const std::vector<std::array<int, 2>>& offsets);
std::string webp_with_chunk(std::string_view file, const char* name, std::string_view data);

/// A lossless AVIF file with the given properties; rotation and mirror below 0 are left out.
std::string avif_file(const Image& picture, int rotation = -1, int mirror = -1, std::string_view icc = {});

/// ICC profiles made by lcms: RGB with the primaries red and green exchanged, and grey of a gamma.
std::string swapped_rgb_profile();
std::string grey_profile(double gamma);
std::string srgb_profile();

}  // namespace palimpsest::testing
