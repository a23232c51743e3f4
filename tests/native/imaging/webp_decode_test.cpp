#include <doctest/doctest.h>

#include "native/imaging/encode.h"
#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;
using namespace std::string_literals;

namespace {

std::string lossless(const Image& image) {
  return encode_image(image, {.format = ImageFormat::webp, .quality = 100, .text = {}});
}

}  // namespace

TEST_CASE("WebP: lossless pictures come back exactly, see-through pixels too") {
  for (const int channels : {3, 4}) {
    const Image image = sample_picture({61, 37}, channels);
    const DecodedImage decoded = decode_image(lossless(image), Alpha::keep);
    CHECK(decoded.image == image);
    CHECK(decoded.info.has_alpha == (channels == 4));
    CHECK(decoded.warnings.empty());
  }
}

TEST_CASE("WebP: a file cut anywhere is refused") {
  for (const int quality : {80, 100}) {
    const std::string file =
        encode_image(sample_picture({64, 64}, 4), {.format = ImageFormat::webp, .quality = quality, .text = {}});
    for (std::size_t size = 12; size < file.size(); size += 11) {
      CAPTURE(size);
      CHECK(refusal(std::string_view(file).substr(0, size)) == "image_truncated");
    }
  }
}

TEST_CASE("WebP: sizes in the container that lie are refused") {
  const std::string file = lossless(sample_picture({20, 20}, 3));
  std::string longer = file, shorter = file, chunk = file;
  longer.replace(4, 4, little_endian(static_cast<std::uint32_t>(file.size()) + 100));
  shorter.replace(4, 4, little_endian(14));
  chunk.replace(16, 4, little_endian(0x7fffffff));
  CHECK(refusal(longer) == "image_truncated");
  CHECK(refusal(shorter) == "image_invalid");
  CHECK(refusal(chunk) == "image_invalid");
}

TEST_CASE("WebP: of an animation the first frame is read, in its place on a transparent canvas") {
  const Image frame = sample_picture({6, 4}, 3);
  const DecodedImage decoded = decode_image(webp_animation(frame, {20, 10}, {{4, 2}, {0, 0}, {8, 6}}), Alpha::keep);
  CHECK(decoded.info.frames == 3);
  CHECK(decoded.warnings.size() == 1);
  REQUIRE(decoded.image.size() == ImageSize{20, 10});
  REQUIRE(decoded.image.channels == 4);
  bool equal = true;
  for (int y = 0; y < 10; ++y) {
    for (int x = 0; x < 20; ++x) {
      const bool inside = x >= 4 && x < 10 && y >= 2 && y < 6;
      const std::uint8_t* pixel = decoded.image.row(y) + x * 4;
      equal = equal && pixel[3] == (inside ? 255 : 0);
      for (int c = 0; inside && c < 3; ++c) equal = equal && pixel[c] == frame.row(y - 2)[(x - 4) * 3 + c];
    }
  }
  CHECK(equal);
}

TEST_CASE("WebP: a canvas above the limit is refused though its frame is tiny") {
  CHECK(refusal(webp_animation(sample_picture({1, 1}, 3), {16'383, 16'383}, {{0, 0}, {0, 0}})) == "image_too_large");
}

TEST_CASE("WebP: a frame outside of its canvas is invalid") {
  std::string file = webp_animation(sample_picture({6, 4}, 3), {20, 10}, {{4, 2}, {0, 0}});
  file.replace(file.find("ANMF") + 8, 3, little_endian(9, 3));  // in units of two pixels
  CHECK(refusal(file) == "image_invalid");
}

TEST_CASE("WebP: EXIF turns the picture, a profile is applied") {
  const Image image = sample_picture({6, 4}, 3);
  const std::string turned = webp_with_chunk(lossless(image), "EXIF", exif_block(8));
  CHECK(decode_image(turned).image.size() == ImageSize{4, 6});
  Image red({4, 4}, 3);
  for (std::size_t i = 0; i < red.pixels.size(); i += 3) red.pixels[i] = 200;
  const Image swapped = decode_image(webp_with_chunk(lossless(red), "ICCP", swapped_rgb_profile())).image;
  CHECK(int{swapped.pixels[0]} <= 1);
  CHECK(int{swapped.pixels[1]} >= 199);
  const DecodedImage broken = decode_image(webp_with_chunk(lossless(red), "ICCP", "no profile at all"));
  CHECK(broken.image == red);
  CHECK(broken.warnings.size() == 1);
}
