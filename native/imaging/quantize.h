#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "shared/image/image.h"

namespace palimpsest {

/// A picture of few colours.
struct IndexedImage {
  std::vector<std::array<std::uint8_t, 3>> colors;  ///< at most 256, with the see-through one
  std::vector<std::uint8_t> indices;                ///< [height, width]
  int transparent = -1;                             ///< index of the see-through colour, -1 where there is none
};

/// The picture in at most 256 colours: exact where it has no more, else by repeatedly splitting the most spread group
/// of colours at its mean, with the errors diffused to neighbours. Pixels below half opacity become see-through.
/// Source: Floyd and Steinberg, "An adaptive algorithm for spatial greyscale" (1976).
IndexedImage quantize(const Image& image);

}  // namespace palimpsest
