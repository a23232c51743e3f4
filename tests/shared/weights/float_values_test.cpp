#include "shared/weights/float_values.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

#include "shared/base/error.h"

using namespace palimpsest;

TEST_CASE("values of 16 and 32 bits become f32, wherever their bytes lie") {
  std::array<std::byte, 9> bytes{};
  const std::span<const std::byte> odd = std::span(bytes).subspan(1);
  const std::array<float, 2> floats = {1.5F, -2.0F};
  std::memcpy(bytes.data() + 1, floats.data(), sizeof floats);
  CHECK(float_values({DType::f32, {2}, odd}) == std::vector<float>{1.5F, -2.0F});
  const std::array<std::uint16_t, 2> bf16 = {0x3fc0, 0xc000}, f16 = {0x3e00, 0xc000};
  std::memcpy(bytes.data() + 1, bf16.data(), sizeof bf16);
  CHECK(float_values({DType::bf16, {2}, odd.first(4)}) == std::vector<float>{1.5F, -2.0F});
  std::memcpy(bytes.data() + 1, f16.data(), sizeof f16);
  CHECK(float_values({DType::f16, {2}, odd.first(4)}) == std::vector<float>{1.5F, -2.0F});
}

TEST_CASE("values of other dtypes are not read as f32") {
  CHECK_THROWS_AS(float_values({DType::i32, {0}, {}}), PalimpsestError);
}
