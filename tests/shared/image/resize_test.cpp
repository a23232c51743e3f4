#include "shared/image/resize.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/image/compare.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;

namespace {

Image golden_image(const GoldenFile& file, const std::string& name) {
  Image image({static_cast<int>(file.dim(name, 1)), static_cast<int>(file.dim(name, 0))}, 3);
  image.pixels = file.values<std::uint8_t>(name);
  return image;
}

// A picture without any symmetry that could hide a mistake.
Image uneven_image(ImageSize size, int channels) {
  Image image(size, channels);
  std::uint32_t state = 12345;
  for (std::uint8_t& sample : image.pixels) {
    state = state * 1664525U + 1013904223U;
    sample = static_cast<std::uint8_t>(state >> 24);
  }
  return image;
}

Image channel_of(const Image& image, int channel) {
  Image one(image.size(), 1);
  for (std::size_t i = 0; i < one.pixels.size(); ++i) {
    one.pixels[i] = image.pixels[i * static_cast<std::size_t>(image.channels) + static_cast<std::size_t>(channel)];
  }
  return one;
}

Image transposed(const Image& image) {
  Image out({image.height, image.width}, image.channels);
  const auto channels = static_cast<std::size_t>(image.channels);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (std::size_t c = 0; c < channels; ++c) {
        out.row(x)[static_cast<std::size_t>(y) * channels + c] =
            image.row(y)[static_cast<std::size_t>(x) * channels + c];
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("resizing equals Pillow's to the bit, up and down, Lanczos and bicubic") {
  const GoldenFile file("pil_resize.safetensors");
  for (int i = 0; i < 5; ++i) {
    CAPTURE(i);
    const std::string name = "case" + std::to_string(i);
    const Image in = golden_image(file, name + ".in");
    for (const auto& [suffix, filter] :
         {std::pair(".out", ResizeFilter::lanczos), {".out_bicubic", ResizeFilter::bicubic}}) {
      const std::string output = name + suffix;
      CAPTURE(output);
      const Image want = golden_image(file, output);
      const Result<ImageDifference> difference = compare(resize(in, want.size(), filter), want);
      REQUIRE(difference);
      CHECK(difference->largest == 0);
    }
  }
}

TEST_CASE("a picture resized to its own size is unchanged") {
  const Image image = uneven_image({37, 21}, 3);
  CHECK(resize(image, {37, 21}) == image);
  CHECK(resize_nearest(image, {37, 21}) == image);
}

TEST_CASE("one colour stays that colour at every size") {
  Image image({40, 30}, 3);
  image.pixels.assign(image.pixels.size(), 200);
  for (const ImageSize size : {ImageSize{7, 90}, ImageSize{640, 3}, ImageSize{1, 1}}) {
    const Image out = resize(image, size);
    CHECK(out.size() == size);
    for (const std::uint8_t sample : out.pixels) REQUIRE(sample == 200);
  }
}

TEST_CASE("each channel is resized for itself, whatever stands beside it") {
  const Image image = uneven_image({45, 70}, 4);
  const Image out = resize(image, {64, 33});
  for (int c = 0; c < 4; ++c) CHECK(channel_of(out, c) == resize(channel_of(image, c), {64, 33}));
}

TEST_CASE("columns are resized as rows are") {
  const Image image = uneven_image({50, 77}, 3);
  CHECK(resize(image, {91, 77}) == transposed(resize(transposed(image), {77, 91})));
}

TEST_CASE("nearest samples are repeated in equal shares") {
  Image image({2, 1}, 1);
  image.pixels = {10, 20};
  CHECK(resize_nearest(image, {6, 2}).pixels ==
        std::vector<std::uint8_t>{10, 10, 10, 20, 20, 20, 10, 10, 10, 20, 20, 20});
}

TEST_CASE("an impossible size or a damaged picture gives an empty picture") {
  const Image image = uneven_image({8, 8}, 3);
  CHECK(resize(image, {0, 8}).pixels.empty());
  CHECK(resize(image, {8, -1}).pixels.empty());
  Image damaged = image;
  damaged.pixels.pop_back();
  CHECK(resize(damaged, {4, 4}).pixels.empty());
  CHECK(resize_nearest(damaged, {4, 4}).pixels.empty());
  CHECK(resize(Image{}, {4, 4}).pixels.empty());
}
