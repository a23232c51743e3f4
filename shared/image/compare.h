#pragma once

#include "shared/base/result.h"
#include "shared/image/image.h"

namespace palimpsest {

/// How far two pictures are apart, over all samples.
struct ImageDifference {
  int largest = 0;     ///< in levels, 0 … 255
  double mean = 0;     ///< of the absolute differences, in levels
  double psnr_db = 0;  ///< peak signal to noise ratio; infinity where the pictures are equal
};

/// Compares two pictures of the same size and channels. Errors: `invalid_value` where these differ.
Result<ImageDifference> compare(const Image& a, const Image& b);

}  // namespace palimpsest
