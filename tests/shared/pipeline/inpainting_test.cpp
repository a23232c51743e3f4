#include "shared/pipeline/inpainting.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace palimpsest;

namespace {

/// Transparent from column `from` on, opaque before it.
Image half_mask(ImageSize size, int from) {
  Image mask(size, 4);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) mask.row(y)[4 * x + 3] = x < from ? 255 : 0;
  }
  return mask;
}

}  // namespace

TEST_CASE("what is opaque is kept whole, and only pixels behind the border are a mixture") {
  const Image weights = keep_weights(half_mask({64, 32}, 20), {64, 32}, Fit::stretch);
  for (int x = 0; x < 64; ++x) {
    CAPTURE(x);
    const int weight = weights.row(7)[x];
    if (x < 20) CHECK(weight == 255);
    if (x == 20) CHECK((weight > 0 && weight < 255));
    if (x > 20) CHECK(weight == 0);
  }
}

TEST_CASE("a soft mask stays as soft as it was drawn") {
  Image mask({16, 16}, 4);
  for (std::size_t i = 3; i < mask.pixels.size(); i += 4) mask.pixels[i] = 100;
  const Image weights = keep_weights(mask, {16, 16}, Fit::stretch);
  CHECK(std::all_of(weights.pixels.begin(), weights.pixels.end(), [](auto weight) { return weight == 100; }));
}

TEST_CASE("weights of tokens are means over latent pixels in the order of the tokens") {
  Image weights({32, 16}, 1);
  for (int y = 0; y < 8; ++y) std::fill_n(weights.row(y), 12, std::uint8_t{255});
  const std::vector<float> tokens = token_weights(weights, 3);
  REQUIRE(tokens.size() == 2 * 4 * 3);
  const float expected[] = {1, 0.5F, 0, 0};  // upper left, upper right, lower left, lower right latent pixel
  for (std::size_t i = 0; i < 12; ++i) CHECK(tokens[i] == doctest::Approx(expected[i % 4]));
  for (std::size_t i = 12; i < 24; ++i) CHECK(tokens[i] == 0);
}

TEST_CASE("a velocity kept on course goes from the noise to the reference, a free one stays as it is") {
  std::vector<float> velocity = {5, 5, 5};
  const std::vector<float> noise = {2, 2, 2}, reference = {-1, -1, -1}, weights = {1, 0, 0.5F};
  keep_on_course(velocity, noise, reference, weights);
  CHECK(velocity == std::vector<float>{3, 5, 4});
}
