#include "shared/pipeline/pixels.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

#include "shared/base/error.h"

using namespace palimpsest;

TEST_CASE("every level survives the way to -1 … 1 and back") {
  Image image({256, 1}, 3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i / 3);
  const std::vector<float> values = to_unit_range(image);
  CHECK(values.front() == -1.0F);
  CHECK(values.back() == 1.0F);
  CHECK(from_unit_range(values, image.size()) == image);
}

TEST_CASE("values beyond the range are limited and others rounded, not truncated") {
  const std::vector<float> values = {-3.0F, 1.7F, 2.0F * 99.6F / 255.0F - 1.0F};
  CHECK(from_unit_range(values, {1, 1}).pixels == std::vector<std::uint8_t>{0, 255, 100});
}

TEST_CASE("alpha does not reach the network") {
  Image image({1, 1}, 4);
  image.pixels = {255, 0, 255, 0};
  CHECK(to_unit_range(image) == std::vector<float>{1, -1, 1});
}

TEST_CASE("values that are not finite or do not fit are refused") {
  CHECK_THROWS_AS(from_unit_range(std::vector<float>(5), {1, 1}), PalimpsestError);
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    CHECK_THROWS_AS(from_unit_range(std::vector<float>{0, bad, 0}, {1, 1}), PalimpsestError);
  }
}
