#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/error.h"
#include "shared/base/json.h"
#include "shared/image/image.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

// Reads golden files. Errors: `MODEL_TENSOR_MISSING`, `MODEL_DTYPE_UNSUPPORTED`, `MODEL_ARCH_MISMATCH`, and
// `golden_invalid` for JSON without what is asked for.

const HostView& golden_view(const TensorSource& golden, const std::string& name);

/// Elements as they are stored; T is the C++ type of `dtype`.
template <typename T>
std::vector<T> stored_values(const TensorSource& golden, const std::string& name, DType dtype) {
  const HostView& view = golden_view(golden, name);
  if (view.dtype != dtype) fail("MODEL_DTYPE_UNSUPPORTED", name + " must be " + std::string(name_of(dtype)));
  std::vector<T> values(static_cast<std::size_t>(view.shape.element_count()));
  if (!values.empty()) std::memcpy(values.data(), view.bytes.data(), view.bytes.size());
  return values;
}

/// f32 values of an f32, f16 or bf16 tensor.
std::vector<float> golden_floats(const TensorSource& golden, const std::string& name);

/// A picture from u8 [height, width, 3].
Image golden_image(const TensorSource& golden, const std::string& name);

/// The parts of a name between its dots.
std::vector<std::string> name_parts(std::string_view name);

/// A decimal number in a name.
std::int64_t number_in(const std::string& text);

const Json& golden_member(const Json& object, std::string_view key);
const Json::Array& golden_array(const Json& json);
std::int64_t golden_integer(const Json& json);
std::vector<std::int64_t> golden_integers(const Json& array);
/// [width, height].
ImageSize golden_size(const Json& pair);

}  // namespace palimpsest
