#include "shared/tensor/dtype.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace palimpsest {
namespace {

TEST_CASE("every dtype has its size in bits and the name of the command line") {
  CHECK(bits_of(DType::f32) == 32);
  CHECK(bits_of(DType::bf16) == 16);
  CHECK(bits_of(DType::f6_e3m2) == 6);
  CHECK(bits_of(DType::f4) == 4);
  CHECK(bits_of(DType::c64) == 64);
  CHECK(name_of(DType::f8_e4m3) == "f8_e4m3");
  CHECK(name_of(DType::boolean) == "bool");
  CHECK(name_of(DType::u64) == "u64");
}

TEST_CASE("every bf16 value survives the way through f32") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto pattern = static_cast<std::uint16_t>(bits);
    const float value = float_from_bf16(pattern);
    if (std::isnan(value)) {
      CHECK(std::isnan(float_from_bf16(bf16_from_float(value))));
    } else {
      REQUIRE(bf16_from_float(value) == pattern);
    }
  }
}

TEST_CASE("bf16 rounds to the nearest value, ties to even, and keeps NaN a NaN") {
  CHECK(bf16_from_float(1.0F + 0x1p-8F) == 0x3f80);      // halfway, down to even
  CHECK(bf16_from_float(1.0F + 3 * 0x1p-8F) == 0x3f82);  // halfway, up to even
  CHECK(bf16_from_float(1.0F + 0x1.02p-8F) == 0x3f81);   // just above halfway
  CHECK(bf16_from_float(std::numeric_limits<float>::max()) == 0x7f80);
  CHECK(bf16_from_float(bit_cast<float>(0x7fffffffU)) == 0x7fff);
  CHECK(bf16_from_float(bit_cast<float>(0x7f800001U)) == 0x7fc0);
  CHECK(bf16_from_float(-0.0F) == 0x8000);
}

TEST_CASE("f16 covers normal, subnormal and special values") {
  CHECK(float_from_f16(0x3c00) == 1.0F);
  CHECK(float_from_f16(0xc400) == -4.0F);
  CHECK(float_from_f16(0x7bff) == 65504.0F);
  CHECK(float_from_f16(0x0001) == 0x1p-24F);
  CHECK(float_from_f16(0x83ff) == -1023 * 0x1p-24F);
  CHECK(float_from_f16(0x7c00) == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(float_from_f16(0x7e00)));
  CHECK(std::signbit(float_from_f16(0x8000)));
}

}  // namespace
}  // namespace palimpsest
