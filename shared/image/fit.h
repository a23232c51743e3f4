#pragma once

#include <string_view>

#include "shared/image/image.h"

namespace palimpsest {

/// How a picture is brought into a size of another ratio.
enum class Fit {
  stretch,  ///< both sides for themselves: nothing is lost, shapes are distorted a little
  pad,      ///< whole and undistorted, in the middle, with black bars
  crop,     ///< undistorted and filling, what hangs over at two sides is cut off
};

/// `stretch`, `pad`, `crop`.
std::string_view name_of(Fit fit);

/// The picture brought into `size` by Lanczos. Both sizes must be positive: an empty picture comes back where one is
/// not.
Image fit_image(const Image& image, ImageSize size, Fit fit);

}  // namespace palimpsest
