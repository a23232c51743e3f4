// native/imaging: pictures as files: PNG, JPEG, WebP, GIF and AVIF in and out, each through its own library, and files
// read and written safely. Included by the engine, the server and the command line; includes shared/base and
// shared/image only. The only home of the codec libraries, whose headers appear in .cpp files alone. Start here and
// with encode.h; codec.h is what the formats' own files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/imaging/image_format.h"
#include "shared/image/image.h"

namespace palimpsest {

/// What a picture may cost; looked at before its pixels are decoded.
struct DecodeLimits {
  std::size_t max_bytes = std::size_t{50} << 20;  ///< of the file
  std::int64_t max_pixels = 64'000'000;           ///< width · height
  int max_side = 16'384;                          ///< in pixels
};

/// What becomes of a picture's transparency.
enum class Alpha {
  on_white,  ///< laid on a white ground; the result is RGB
  keep,      ///< kept where the file has it, for masks; the result is then RGB and straight alpha
};

/// What a file says about itself before its pixels are looked at.
struct ImageInfo {
  ImageFormat format = ImageFormat::png;
  ImageSize size;  ///< as stored, before a rotation that the file asks for
  int bits = 8;    ///< of one sample
  bool has_alpha = false;
  std::int64_t frames = 1;  ///< of an animation
};

struct DecodedImage {
  Image image;                        ///< in sRGB, upright
  ImageInfo info;                     ///< of the file
  std::vector<std::string> warnings;  ///< one sentence each: what of the file was left out
};

/// Reads the header of a PNG, JPEG, WebP, GIF or AVIF file, recognised by its first bytes alone. No pixel is decoded
/// and nothing in proportion to the picture's size is allocated. Errors: `image_unsupported` (415) for other kinds of
/// files and for parts of a format that are not read, `image_truncated`, `image_invalid`, `image_too_large` (413, the
/// file).
ImageInfo probe_image(std::string_view file, const DecodeLimits& limits = {});

/// Decodes the first frame: turned upright as EXIF or AVIF properties say, converted to sRGB where there is a colour
/// profile, samples of more than 8 bits rounded. Of the metadata only the orientation and the profile are looked at.
/// Errors: those of probe_image; `image_too_large` (413) for pixels; `image_too_complex` where decoding would take far
/// longer than the picture's size explains. A file that ends early is an error, never a picture with a grey rest.
DecodedImage decode_image(std::string_view file, Alpha alpha = Alpha::on_white, const DecodeLimits& limits = {});

}  // namespace palimpsest
