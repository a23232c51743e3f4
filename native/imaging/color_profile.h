// Conversion of a frame's own colours to sRGB; not for other folders.
#pragma once

#include "native/imaging/codec.h"

namespace palimpsest {

/// Converts the frame's samples to sRGB: by its ICC profile where that is valid, fits the samples and has at most
/// kMaxIccBytes, by its colour space otherwise; CMYK without a profile by plain multiplication. Alpha is left alone. A
/// profile that cannot be used leaves a warning.
void convert_to_srgb(Frame& frame);

}  // namespace palimpsest
