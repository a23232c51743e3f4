#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/imaging/image_format.h"
#include "shared/image/image.h"

namespace palimpsest {

/// Named texts in a picture file, such as the request it came from. Keys: 1 to 79 printable ASCII characters;
/// values: UTF-8 without control characters other than tab and line feed.
using ImageText = std::vector<std::pair<std::string, std::string>>;

struct EncodeOptions {
  ImageFormat format = ImageFormat::png;
  /// 0, smallest, to 100, best. JPEG: 92 if absent; above 90 colours keep their full resolution. WebP: 90, and AVIF:
  /// 85; with 100 both keep every pixel. PNG always does, and GIF always uses up to 256 colours, so that both take 100
  /// only.
  std::optional<int> quality;
  ImageText text;  ///< PNG: iTXt; JPEG, WebP and AVIF: XMP; GIF: comments
};

/// The picture as a file in sRGB. Grey, RGB and alpha are kept where the format has them: JPEG lays transparent
/// pixels on white, GIF draws those below half opacity as see-through.
/// Errors: `invalid_value` (a quality or text that the format cannot have; a side above 16,383 for WebP, 65,535 for
/// JPEG and GIF, 16,384 for AVIF), `image_not_encoded` (500).
std::string encode_image(const Image& image, const EncodeOptions& options = {});

/// The texts of a PNG file: tEXt, zTXt and iTXt, in the order of the file. At most 256 of them and 1 MiB in all are
/// read; damaged ones are left out. Errors: `image_unsupported` where it is no PNG file, `image_truncated`,
/// `image_invalid`, `image_too_large`.
ImageText read_png_text(std::string_view file);

}  // namespace palimpsest
