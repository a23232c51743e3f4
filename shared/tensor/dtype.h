// shared/tensor: the op interface that all networks are written against, and nothing that computes.
// Everything from shared/portable upwards may include it; it includes shared/base only.
// Start with backend.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/base/bit_cast.h"

namespace palimpsest {

/// Element types that occur in checkpoint files. Backends compute in f32 and bf16; the rest is converted on load.
enum class DType : std::uint8_t {
  f32,
  f16,
  bf16,
  f64,
  f8_e4m3,
  f8_e5m2,
  f8_e8m0,
  f6_e2m3,
  f6_e3m2,
  f4,
  boolean,
  i8,
  u8,
  i16,
  u16,
  i32,
  u32,
  i64,
  u64,
  c64,
};

/// Size of one element in bits (4 and 6 for the packed sub-byte types).
int bits_of(DType dtype);

/// Lower-case name as on the command line and in messages: `f32`, `bf16`, `f8_e4m3`.
std::string_view name_of(DType dtype);

/// f32 value of a bfloat16 bit pattern.
inline float float_from_bf16(std::uint16_t bits) {
  return bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// bfloat16 bit pattern nearest to `value`, ties to even; NaN stays NaN.
inline std::uint16_t bf16_from_float(float value) {
  const auto bits = bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

/// f32 value of an IEEE half bit pattern.
float float_from_f16(std::uint16_t bits);

}  // namespace palimpsest
