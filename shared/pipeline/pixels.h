#pragma once

#include <span>
#include <vector>

#include "shared/image/image.h"

namespace palimpsest {

/// f32 [height, width, 3] in -1 … 1 of a picture: sample / 127.5 - 1; alpha is left out.
std::vector<float> to_unit_range(const Image& image);

/// The picture of f32 [height, width, 3] values, limited to -1 … 1 and rounded to the nearest level (halves to even).
/// Errors: `invalid_value` for another number of values; `internal_error` where a value is not finite.
/// Source: diffusers image_processor.py `denormalize`, `numpy_to_pil`.
Image from_unit_range(std::span<const float> values, ImageSize size);

}  // namespace palimpsest
