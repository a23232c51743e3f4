#include "shared/tensor/dtype.h"

#include <array>

namespace palimpsest {
namespace {

struct DTypeInfo {
  std::string_view name;
  int bits;
};

// In the order of the enumerators.
constexpr std::array<DTypeInfo, 20> kInfo = {{
    {"f32", 32},    {"f16", 16},    {"bf16", 16}, {"f64", 64}, {"f8_e4m3", 8}, {"f8_e5m2", 8}, {"f8_e8m0", 8},
    {"f6_e2m3", 6}, {"f6_e3m2", 6}, {"f4", 4},    {"bool", 8}, {"i8", 8},      {"u8", 8},      {"i16", 16},
    {"u16", 16},    {"i32", 32},    {"u32", 32},  {"i64", 64}, {"u64", 64},    {"c64", 64},
}};
static_assert(kInfo.size() == static_cast<std::size_t>(DType::c64) + 1);

}  // namespace

int bits_of(DType dtype) {
  return kInfo[static_cast<std::size_t>(dtype)].bits;
}

std::string_view name_of(DType dtype) {
  return kInfo[static_cast<std::size_t>(dtype)].name;
}

float float_from_f16(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fU;
  const std::uint32_t mantissa = bits & 0x3ffU;
  if (exponent == 0) {  // zero and subnormals: exact as mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 31) return bit_cast<float>(sign | 0x7f800000U | (mantissa << 13));
  return bit_cast<float>(sign | ((exponent + 112U) << 23) | (mantissa << 13));
}

}  // namespace palimpsest
