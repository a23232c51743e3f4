#pragma once

#include "shared/image/fit.h"
#include "shared/image/image.h"

namespace palimpsest {

/// The result with the input picture put back wherever the mask is opaque. The input and the mask, which have the same
/// size, are brought to the result's size as `fit` says.
/// Errors: PalimpsestError `invalid_value`, param `mask`, where their sizes differ or the mask has no transparency.
Image keep_masked(const Image& result, const Image& input, const Image& mask, Fit fit);

/// The check of keep_masked alone, to be made before the work.
void check_mask(const Image& input, const Image& mask);

}  // namespace palimpsest
