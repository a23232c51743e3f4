#include "shared/image/fit.h"

#include <doctest/doctest.h>

using namespace palimpsest;

namespace {

Image one_colour(ImageSize size, std::uint8_t level) {
  Image image(size, 3);
  image.pixels.assign(image.pixels.size(), level);
  return image;
}

}  // namespace

TEST_CASE("every way of fitting gives the size asked for") {
  for (const ImageSize from : {ImageSize{100, 20}, ImageSize{20, 100}, ImageSize{1, 900}, ImageSize{64, 64}}) {
    for (const Fit fit : {Fit::stretch, Fit::pad, Fit::crop}) {
      CAPTURE(from.width);
      CAPTURE(name_of(fit));
      CHECK(fit_image(one_colour(from, 9), {48, 32}, fit).size() == ImageSize{48, 32});
    }
  }
}

TEST_CASE("padding leaves black bars at both ends of the short side and keeps the rest") {
  const Image wide = fit_image(one_colour({80, 20}, 255), {40, 40}, Fit::pad);
  CHECK(wide.row(14)[0] == 0);
  CHECK(wide.row(15)[0] == 255);
  CHECK(wide.row(24)[119] == 255);
  CHECK(wide.row(25)[119] == 0);
}

TEST_CASE("cropping takes the middle") {
  Image image({30, 10}, 1);
  for (int y = 0; y < 10; ++y) {
    for (int x = 0; x < 30; ++x) image.row(y)[x] = x >= 10 && x < 20 ? 200 : 0;
  }
  const Image square = fit_image(image, {10, 10}, Fit::crop);
  for (const std::uint8_t sample : square.pixels) CHECK(sample == 200);
}

TEST_CASE("stretching uses the whole picture") {
  Image image({30, 10}, 1);
  for (int y = 0; y < 10; ++y) image.row(y)[29] = 255;
  const Image square = fit_image(image, {10, 10}, Fit::stretch);
  CHECK(square.row(5)[9] > 60);
  CHECK(square.row(5)[4] < 10);
}

TEST_CASE("a damaged picture or an impossible size gives an empty picture") {
  CHECK(fit_image(Image{}, {8, 8}, Fit::pad).pixels.empty());
  CHECK(fit_image(one_colour({8, 8}, 1), {8, 0}, Fit::crop).pixels.empty());
}
