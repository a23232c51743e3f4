#pragma once

#include <string_view>

namespace palimpsest {

/// The media type of a picture's bytes by their signature: PNG, JPEG, GIF, WebP or AVIF; empty for anything else. The
/// rest of the file may still be damaged.
std::string_view sniff_media_type(std::string_view bytes);

/// `image/png` of `png`, and so on for jpeg, gif, webp and avif; empty for other names.
std::string_view media_type_of_format(std::string_view format);

}  // namespace palimpsest
