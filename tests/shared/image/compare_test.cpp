#include "shared/image/compare.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace palimpsest;

TEST_CASE("equal pictures have no difference and an infinite ratio") {
  Image image({3, 2}, 3);
  image.pixels[7] = 90;
  const auto difference = compare(image, image);
  REQUIRE(difference);
  CHECK(difference->largest == 0);
  CHECK(difference->mean == 0);
  CHECK(std::isinf(difference->psnr_db));
}

TEST_CASE("differences are counted in levels and decibels") {
  Image a({2, 2}, 1), b({2, 2}, 1);
  a.pixels = {0, 100, 200, 255};
  b.pixels = {0, 110, 180, 255};
  const auto difference = compare(a, b);
  REQUIRE(difference);
  CHECK(difference->largest == 20);
  CHECK(difference->mean == doctest::Approx(7.5));
  CHECK(difference->psnr_db == doctest::Approx(10 * std::log10(255.0 * 255.0 / 125.0)));
}

TEST_CASE("pictures of different sizes or channels are refused, and the message names both") {
  const auto result = compare(Image({4, 2}, 3), Image({2, 4}, 3));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == "invalid_value");
  CHECK(result.error().message.find("4x2") != std::string::npos);
  CHECK(result.error().message.find("2x4") != std::string::npos);
  CHECK_FALSE(compare(Image({2, 2}, 3), Image({2, 2}, 4)));
  CHECK_FALSE(compare(Image{}, Image{}));
}

TEST_CASE("alpha is left out and grey repeated on the way to RGB") {
  Image rgba({1, 1}, 4), grey({1, 1}, 1);
  rgba.pixels = {1, 2, 3, 4};
  grey.pixels = {7};
  CHECK(to_rgb(rgba).pixels == std::vector<std::uint8_t>{1, 2, 3});
  CHECK(to_rgb(grey).pixels == std::vector<std::uint8_t>{7, 7, 7});
}
