#include <doctest/doctest.h>

#include <algorithm>

#include "native/imaging/encode.h"
#include "native/imaging/orientation.h"
#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;

TEST_CASE("AVIF: lossless pictures come back exactly, with their alpha") {
  for (const int channels : {3, 4}) {
    const Image image = sample_picture({61, 37}, channels);
    const DecodedImage decoded = decode_image(avif_file(image), Alpha::keep);
    CHECK(decoded.image == image);
    CHECK(decoded.info.has_alpha == (channels == 4));
  }
}

TEST_CASE("AVIF: pictures are turned anticlockwise first, then mirrored") {
  const Image image = sample_picture({24, 16}, 3);
  for (int rotation = 0; rotation < 4; ++rotation) {
    for (const int mirror : {-1, 0, 1}) {
      CAPTURE(rotation);
      CAPTURE(mirror);
      Image want = image;
      for (int i = 0; i < rotation; ++i) want = turn_upright(want, Orientation::three_quarter_turn);
      if (mirror == 0) want = turn_upright(want, Orientation::mirrored_half_turn);
      if (mirror == 1) want = turn_upright(want, Orientation::mirrored);
      CHECK(decode_image(avif_file(image, rotation, mirror)).image == want);
    }
  }
}

TEST_CASE("AVIF: a colour profile is applied") {
  Image red({16, 16}, 3);
  for (std::size_t i = 0; i < red.pixels.size(); i += 3) red.pixels[i] = 200;
  const Image swapped = decode_image(avif_file(red, -1, -1, swapped_rgb_profile())).image;
  CHECK(int{swapped.pixels[0]} <= 1);
  CHECK(int{swapped.pixels[1]} >= 199);
}

TEST_CASE("AVIF: a file cut anywhere is refused") {
  const std::string file = avif_file(sample_picture({32, 32}, 4));
  for (std::size_t size = 24; size < file.size(); size += 5) {
    CAPTURE(size);
    const std::string code = refusal(std::string_view(file).substr(0, size));
    CHECK((code == "image_truncated" || code == "image_invalid" || code == "image_unsupported"));
  }
}

TEST_CASE("AVIF: a declared size above the limit, or below the coded one, is refused") {
  const auto with_size = [](std::uint32_t width, std::uint32_t height) {
    std::string file = avif_file(sample_picture({32, 32}, 3));
    file.replace(file.find("ispe") + 8, 8, big_endian(width) + big_endian(height));
    return file;
  };
  CHECK(refusal(with_size(32, 32)) == "");
  CHECK(refusal(with_size(16'384, 16'384)) == "image_too_large");
  CHECK(decode_image(with_size(64, 64)).image.size() == ImageSize{64, 64});  // libavif scales up to what is declared
  CHECK(refusal(with_size(16, 16)) == "image_invalid");
}

TEST_CASE("AVIF: other codecs under its brand are unsupported") {
  std::string file = avif_file(sample_picture({32, 32}, 3));
  file.replace(file.find("av01"), 4, "hvc1");
  CHECK(refusal(file) == "image_unsupported");
}
