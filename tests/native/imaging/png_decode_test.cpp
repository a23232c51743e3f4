#include <doctest/doctest.h>

#include <cmath>

#include "native/imaging/encode.h"
#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;
using namespace std::string_literals;

namespace {

/// What a sample of `bits` bits is in 8, rounded.
std::uint8_t rounded(std::uint32_t sample, int bits) {
  const std::uint32_t most = (1U << bits) - 1;
  return static_cast<std::uint8_t>((sample * 255 * 2 + most) / (2 * most));
}

PngParts numbered(std::uint32_t width, std::uint32_t height, int bits, int color_type) {
  PngParts parts;
  parts.width = width;
  parts.height = height;
  parts.bits = bits;
  parts.color_type = color_type;
  parts.sample = [bits](std::uint32_t x, std::uint32_t y, int c) {
    return (x * 2654435761U + y * 40503U + static_cast<std::uint32_t>(c) * 97U) >> 7 & ((1U << bits) - 1);
  };
  return parts;
}

std::string palette(std::uint32_t colors) {
  std::string data;
  for (std::uint32_t i = 0; i < colors; ++i) data += big_endian((i * 7919 + 1) & 0xffffff, 3);
  return data;
}

PngParts with_palette(std::uint32_t width, std::uint32_t height, int bits) {
  PngParts parts = numbered(width, height, bits, 3);
  parts.before_pixels = png_chunk("PLTE", palette(1U << bits));
  return parts;
}

PngParts one_pixel(std::string chunks) {
  PngParts parts = numbered(1, 1, 8, 2);
  parts.sample = [](std::uint32_t, std::uint32_t, int c) { return c == 0 ? 128U : 64U; };
  parts.before_pixels = std::move(chunks);
  return parts;
}

}  // namespace

TEST_CASE("PNG: every depth, with and without interlacing, gives the rounded samples") {
  const std::vector<std::pair<int, std::vector<int>>> kinds = {
      {0, {1, 2, 4, 8, 16}}, {2, {8, 16}}, {4, {8, 16}}, {6, {8, 16}}};
  for (const auto& [type, depths] : kinds) {
    for (const int bits : depths) {
      for (const bool interlaced : {false, true}) {
        CAPTURE(type);
        CAPTURE(bits);
        CAPTURE(interlaced);
        PngParts parts = numbered(13, 11, bits, type);
        parts.interlaced = interlaced;
        const DecodedImage decoded = decode_image(png_file(parts), Alpha::keep);
        const bool grey = (type & 2) == 0, alpha = (type & 4) != 0;
        REQUIRE(decoded.image.size() == ImageSize{13, 11});
        REQUIRE(decoded.image.channels == (alpha ? 4 : 3));
        CHECK(decoded.info.bits == bits);
        bool equal = true;
        for (int y = 0; y < 11; ++y) {
          for (int x = 0; x < 13; ++x) {
            for (int c = 0; c < decoded.image.channels; ++c) {
              const int stored = grey ? (c == 3 ? 1 : 0) : c;
              const auto sample = parts.sample(static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), stored);
              equal = equal && decoded.image.row(y)[x * decoded.image.channels + c] == rounded(sample, bits);
            }
          }
        }
        CHECK(equal);
      }
    }
  }
}

TEST_CASE("PNG: palettes of every depth are looked up, interlaced too, with their transparency") {
  for (const int bits : {1, 2, 4, 8}) {
    for (const bool interlaced : {false, true}) {
      CAPTURE(bits);
      CAPTURE(interlaced);
      PngParts parts = with_palette(17, 9, bits);
      parts.interlaced = interlaced;
      parts.before_pixels += png_chunk("tRNS", "\x40"s);  // the first colour only
      const Image image = decode_image(png_file(parts), Alpha::keep).image;
      REQUIRE(image.channels == 4);
      const std::string colors = palette(1U << bits);
      bool equal = true;
      for (std::uint32_t y = 0; y < 9; ++y) {
        for (std::uint32_t x = 0; x < 17; ++x) {
          const std::uint32_t index = parts.sample(x, y, 0);
          const std::uint8_t* pixel = image.row(static_cast<int>(y)) + x * 4;
          for (std::size_t c = 0; c < 3; ++c)
            equal = equal && pixel[c] == static_cast<std::uint8_t>(colors[index * 3 + c]);
          equal = equal && pixel[3] == (index == 0 ? 0x40 : 255);
        }
      }
      CHECK(equal);
    }
  }
}

TEST_CASE("PNG: one colour can be see-through by tRNS without a palette") {
  PngParts parts = one_pixel(png_chunk("tRNS", big_endian(128, 2) + big_endian(64, 2) + big_endian(64, 2)));
  CHECK(decode_image(png_file(parts), Alpha::keep).image.pixels == std::vector<std::uint8_t>{128, 64, 64, 0});
  CHECK(decode_image(png_file(parts)).image.pixels == std::vector<std::uint8_t>{255, 255, 255});
}

TEST_CASE("PNG: transparency is laid on white, rounded") {
  PngParts parts = numbered(1, 1, 8, 6);
  parts.sample = [](std::uint32_t, std::uint32_t, int c) { return c == 3 ? 51U : 10U; };
  // 10 · 0.2 + 255 · 0.8
  CHECK(decode_image(png_file(parts)).image.pixels == std::vector<std::uint8_t>{206, 206, 206});
}

TEST_CASE("PNG: a file cut anywhere is truncated, and never decodes") {
  PngParts parts = with_palette(40, 30, 8);
  parts.before_pixels += png_chunk("tEXt", "Title\0cut"s);
  const std::string file = png_file(parts);
  for (std::size_t size = 8; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK(refusal(std::string_view(file).substr(0, size)) == "image_truncated");
  }
}

TEST_CASE("PNG: headers that cannot be are refused before anything is decoded") {
  const std::string rest = png_chunk("IDAT", zlib("")) + png_chunk("IEND", "");
  CHECK(refusal(png_header(0, 1, 8, 2) + rest) == "image_invalid");
  CHECK(refusal(png_header(16'385, 1, 8, 2) + rest) == "image_too_large");
  CHECK(refusal(png_header(30'000, 30'000, 1, 0) + rest) == "image_too_large");
  CHECK(refusal(png_header(16'000, 4'001, 8, 2) + rest) == "image_too_large");
  CHECK(refusal(png_header(0xffffffff, 1, 8, 2) + rest) == "image_invalid");
  for (const auto& [bits, type] :
       std::vector<std::pair<int, int>>{{3, 0}, {4, 2}, {16, 3}, {2, 4}, {1, 6}, {8, 1}, {8, 7}}) {
    CAPTURE(bits);
    CAPTURE(type);
    CHECK(refusal(png_header(1, 1, bits, type) + rest) == "image_invalid");
  }
}

TEST_CASE("PNG: damaged pixels and palettes are invalid") {
  const auto file = [](std::string_view chunks) {
    return png_header(4, 4, 8, 3) + std::string(chunks) + png_chunk("IEND", "");
  };
  const std::string colors = png_chunk("PLTE", palette(2));
  const auto rows = [](char index) {
    std::string data;
    for (int y = 0; y < 4; ++y) data += '\0' + std::string(4, index);
    return data;
  };
  const std::string pixels = png_chunk("IDAT", zlib(rows(1)));
  CHECK(refusal(file(colors + pixels)) == "");
  CHECK(refusal(file(colors + png_chunk("IDAT", zlib(rows(1)).substr(0, 8)))) == "image_invalid");
  CHECK(refusal(file(colors + png_chunk("IDAT", zlib(rows(1).substr(0, 11))))) == "image_invalid");
  CHECK(refusal(file(pixels)) == "image_invalid");
  CHECK(refusal(file(colors)) == "image_invalid");
  CHECK(refusal(file(colors + png_chunk("IDAT", zlib(rows(2))))) == "image_invalid");
  CHECK(refusal(file(png_chunk("PLTE", "12345") + pixels)) == "image_invalid");
  CHECK(refusal(file(colors + png_chunk("tRNS", "abc") + pixels)) == "image_invalid");
  CHECK(refusal(file(colors + png_chunk("ABCD", "") + pixels)) == "image_invalid");
  CHECK(refusal(file(png_chunk("IHDR", std::string(13, '\1')) + colors + pixels)) == "image_invalid");
  std::string bad_filter = rows(1);
  bad_filter[0] = 9;
  CHECK(refusal(file(colors + png_chunk("IDAT", zlib(bad_filter)))) == "image_invalid");
}

TEST_CASE("PNG: a wrong checksum counts in chunks that decide pixels and is overlooked in others") {
  const auto damaged = [](std::string chunk) {
    chunk.back() = static_cast<char>(chunk.back() ^ 1);
    return chunk;
  };
  const std::string start = png_header(1, 1, 8, 2), end = png_chunk("IEND", "");
  const std::string pixels = png_chunk("IDAT", zlib("\0\1\2\3"s));
  CHECK(refusal(start + damaged(pixels) + end) == "image_invalid");
  CHECK(refusal(start + damaged(png_chunk("tEXt", "a\0b"s)) + pixels + end) == "");
  CHECK(refusal(start + damaged(png_chunk("tRNS", "\0\1\0\2\0\3"s)) + pixels + end) == "");
}

TEST_CASE("PNG: compressed text is never inflated for a picture") {
  const std::string bomb = zlib(std::string(std::size_t{64} << 20, 'a'));
  REQUIRE(bomb.size() < 100'000);
  const PngParts parts = one_pixel(png_chunk("zTXt", "Comment\0\0"s + bomb));
  CHECK(decode_image(png_file(parts)).image.pixels == std::vector<std::uint8_t>{128, 64, 64});
}

TEST_CASE("PNG: more than 10,000 ancillary chunks are refused, but frames of an animation are not counted") {
  const auto chunks = [](int count, std::string_view type) {
    std::string all;
    for (int i = 0; i < count; ++i) all += png_chunk(type, "");
    return all;
  };
  CHECK(refusal(png_file(one_pixel(chunks(10'000, "prVt")))) == "");
  CHECK(refusal(png_file(one_pixel(chunks(10'001, "prVt")))) == "image_too_large");
  const DecodedImage animation =
      decode_image(png_file(one_pixel(png_chunk("acTL", big_endian(10'000) + big_endian(0)) + chunks(20'000, "fdAT"))));
  CHECK(animation.info.frames == 10'000);
  CHECK(animation.warnings == std::vector<std::string>{"only the first of the 10000 frames was read"});
}

TEST_CASE("PNG: what follows the end of the file is not looked at") {
  CHECK(refusal(png_file(one_pixel("")) + "PK\3\4 and more") == "");
}

TEST_CASE("PNG: a colour profile is applied") {
  const std::string profile = png_chunk("iCCP", "swapped\0\0"s + zlib(swapped_rgb_profile()));
  const Image image = decode_image(png_file(one_pixel(profile))).image;
  // The profile's first primary is sRGB's green and the other way round.
  CHECK(std::abs(image.pixels[0] - 64) <= 1);
  CHECK(std::abs(image.pixels[1] - 128) <= 1);
  CHECK(std::abs(image.pixels[2] - 64) <= 1);
}

TEST_CASE("PNG: a profile that is sRGB leaves every sample as it is") {
  PngParts parts = numbered(64, 64, 8, 2);
  const Image plain = decode_image(png_file(parts)).image;
  parts.before_pixels = png_chunk("iCCP", "sRGB\0\0"s + zlib(srgb_profile()));
  CHECK(decode_image(png_file(parts)).image == plain);
}

TEST_CASE("PNG: a grey profile is applied to grey pictures only") {
  PngParts parts = numbered(1, 1, 8, 0);
  parts.sample = [](std::uint32_t, std::uint32_t, int) { return 128U; };
  parts.before_pixels = png_chunk("iCCP", "grey\0\0"s + zlib(grey_profile(1.0)));
  const Image image = decode_image(png_file(parts)).image;
  // Half the light is level 188 of sRGB.
  CHECK(std::abs(image.pixels[0] - 188) <= 1);
  CHECK(image.pixels[0] == image.pixels[2]);
  const DecodedImage colored =
      decode_image(png_file(one_pixel(png_chunk("iCCP", "grey\0\0"s + zlib(grey_profile(1.0))))));
  CHECK(colored.image.pixels == std::vector<std::uint8_t>{128, 64, 64});
  CHECK(colored.warnings.size() == 1);
}

TEST_CASE("PNG: broken and oversized profiles are ignored with a warning") {
  const std::string big = swapped_rgb_profile() + std::string(std::size_t{5} << 20, 'a');
  for (const std::string& data :
       {"x\0\0"s + zlib("no profile"), "x\0\0not zlib"s, "x"s, "x\0\1"s + zlib("a"), "x\0\0"s + zlib(big)}) {
    const DecodedImage decoded = decode_image(png_file(one_pixel(png_chunk("iCCP", data))));
    CHECK(decoded.image.pixels == std::vector<std::uint8_t>{128, 64, 64});
    CHECK(decoded.warnings.size() == 1);
  }
}

TEST_CASE("PNG: gAMA is applied where it is not sRGB's") {
  const auto first_sample = [](std::uint32_t gamma) {
    return int{decode_image(png_file(one_pixel(png_chunk("gAMA", big_endian(gamma))))).image.pixels[0]};
  };
  CHECK(first_sample(45'455) == 128);
  CHECK(std::abs(first_sample(100'000) - 188) <= 1);
  const DecodedImage nonsense =
      decode_image(png_file(one_pixel(png_chunk("gAMA", big_endian(0)) + png_chunk("iCCP", "x\0\0broken"s))));
  CHECK(nonsense.image.pixels[0] == 128);
  CHECK(nonsense.warnings.size() == 2);
}

TEST_CASE("PNG: eXIf turns the picture upright") {
  PngParts parts = numbered(3, 2, 8, 2);
  const Image stored = decode_image(png_file(parts)).image;
  parts.before_pixels = png_chunk("eXIf", exif_block(6, true));
  const DecodedImage decoded = decode_image(png_file(parts));
  CHECK(decoded.image.size() == ImageSize{2, 3});
  CHECK(decoded.info.size == ImageSize{3, 2});
  CHECK(decoded.image.row(0)[3] == stored.row(0)[0]);  // the upper left corner has moved to the upper right
}
