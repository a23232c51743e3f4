// What a GIF file consists of, read without decoding pixels; not for other folders.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/image/image.h"

namespace palimpsest {

struct GifLayout {
  ImageSize screen;
  int left = 0, top = 0;  ///< of the first frame, on the screen
  ImageSize first_frame;
  std::optional<int> transparent;  ///< the first frame's see-through colour
  std::int64_t frames = 0;
};

/// Walks over all blocks up to the terminator. Errors: `image_truncated`; `image_invalid` where a block is unknown or
/// the first frame is missing, empty, outside of the screen, without colours or with an impossible code size.
/// Source: GIF89a specification, sections 17 to 27.
GifLayout read_gif_layout(std::string_view file);

}  // namespace palimpsest
