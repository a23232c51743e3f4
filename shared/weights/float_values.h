#pragma once

#include <vector>

#include "shared/tensor/tensor.h"

namespace palimpsest {

/// The elements of an f32, f16 or bf16 view as f32; the bytes may be unaligned.
/// Errors: `MODEL_DTYPE_UNSUPPORTED` for another dtype.
std::vector<float> float_values(const HostView& view);

}  // namespace palimpsest
