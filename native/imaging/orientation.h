#pragma once

#include <string_view>

#include "shared/image/image.h"

namespace palimpsest {

/// How a stored picture must be turned to be upright: the values of EXIF tag 0x0112.
enum class Orientation {
  upright = 1,
  mirrored,  ///< left and right exchanged
  half_turn,
  mirrored_half_turn,  ///< top and bottom exchanged
  transposed,          ///< rows and columns exchanged
  quarter_turn,        ///< to be turned by 90 degrees clockwise
  anti_transposed,
  three_quarter_turn,  ///< to be turned by 270 degrees clockwise
};

/// The orientation that a block of EXIF asks for, with or without its `Exif\0\0`. Only the first directory is read;
/// where it is malformed or names no orientation from 1 to 8 the picture counts as upright.
/// Source: Exif 2.32, 4.6; TIFF 6.0, section 2.
Orientation exif_orientation(std::string_view exif);

/// The picture turned upright.
Image turn_upright(Image image, Orientation orientation);

}  // namespace palimpsest
