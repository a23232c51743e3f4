#include "shared/weights/float_values.h"

#include <cstring>
#include <string>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

template <typename Bits, typename Convert>
std::vector<float> converted(std::span<const std::byte> bytes, Convert convert) {
  std::vector<float> values(bytes.size() / sizeof(Bits));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + i * sizeof bits, sizeof bits);
    values[i] = convert(bits);
  }
  return values;
}

}  // namespace

std::vector<float> float_values(const HostView& view) {
  switch (view.dtype) {
    case DType::f32:
      return converted<float>(view.bytes, [](float value) { return value; });
    case DType::f16:
      return converted<std::uint16_t>(view.bytes, float_from_f16);
    case DType::bf16:
      return converted<std::uint16_t>(view.bytes, float_from_bf16);
    default:
      fail("MODEL_DTYPE_UNSUPPORTED", "values of dtype " + std::string(name_of(view.dtype)) + " cannot be read as f32");
  }
}

}  // namespace palimpsest
