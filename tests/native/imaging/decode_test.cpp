#include "native/imaging/decode.h"

#include <doctest/doctest.h>

#include <random>

#include "native/imaging/encode.h"
#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;
using namespace std::string_literals;

namespace {

std::string message_of(std::string_view file) {
  try {
    decode_image(file);
  } catch (const PalimpsestError& error) {
    return error.error().message;
  }
  return "";
}

std::vector<std::string> sound_files() {
  const Image color = sample_picture({24, 18}, 3), clear = sample_picture({24, 18}, 4);
  const ImageText text = {{"Title", "a house"}};
  std::vector<std::string> files;
  for (const ImageFormat format :
       {ImageFormat::png, ImageFormat::jpeg, ImageFormat::webp, ImageFormat::gif, ImageFormat::avif}) {
    files.push_back(encode_image(color, {.format = format, .quality = std::nullopt, .text = text}));
    files.push_back(encode_image(clear, {.format = format, .quality = 100, .text = {}}));
  }
  JpegParts progressive;
  progressive.samples = color;
  progressive.progressive = true;
  progressive.application_1 = "Exif\0\0"s + exif_block(6);
  files.push_back(jpeg_file(progressive));
  files.push_back(webp_animation(color, {40, 30}, {{2, 2}, {0, 0}}));
  return files;
}

}  // namespace

TEST_CASE("files that are no pictures are refused by their first bytes") {
  const std::vector<std::string> files = {"",
                                          "\x89",
                                          std::string(1'000'000, 'q'),
                                          "<svg xmlns=",
                                          "%PDF-1.7",
                                          "II*\0rest"s,
                                          "BM123456",
                                          "<!DOCTYPE html>",
                                          "\x7f"
                                          "ELF\2\1",
                                          "RIFF\4\0\0\0WAVE"s,
                                          "\0\0\0\x18"
                                          "ftypheic"s +
                                              std::string(12, '\0'),
                                          "GIF88a"};
  for (const std::string& file : files) {
    CAPTURE(file.substr(0, 12));
    CHECK(refusal(file) == "image_unsupported");
  }
  CHECK(message_of("") == "the picture file is empty");
  CHECK(message_of("%PDF-1.7") == "the file is not a PNG, JPEG, WebP, GIF or AVIF picture; it looks like a PDF file");
  CHECK(message_of("\0\0\0\x18"
                   "ftypheic"s +
                   std::string(12, '\0')) ==
        "the file is not a PNG, JPEG, WebP, GIF or AVIF picture; it looks like a HEIC file");
}

TEST_CASE("limits of bytes, pixels and sides hold at the number and one above") {
  const std::string file = encode_image(sample_picture({20, 10}, 3));
  CHECK(refusal(file, {.max_bytes = file.size(), .max_pixels = 200, .max_side = 20}) == "");
  CHECK(refusal(file, {.max_bytes = file.size() - 1}) == "image_too_large");
  CHECK(refusal(file, {.max_pixels = 199}) == "image_too_large");
  CHECK(refusal(file, {.max_side = 19}) == "image_too_large");
  CHECK(message_of(png_header(30'000, 30'000, 1, 0) + png_chunk("IDAT", "") + png_chunk("IEND", "")) ==
        "the picture is 30000 x 30000 pixels; at most 16384 a side and 64000000 in all are read");
}

TEST_CASE("the probe says what a file holds without decoding it") {
  const std::string file = encode_image(sample_picture({20, 10}, 4));
  const ImageInfo info = probe_image(file);
  CHECK(info.format == ImageFormat::png);
  CHECK(info.size == ImageSize{20, 10});
  CHECK(info.has_alpha);
  CHECK(info.bits == 8);
  CHECK(info.frames == 1);
}

TEST_CASE("a fully transparent picture is white") {
  const Image clear({8, 8}, 4);
  for (const ImageFormat format : {ImageFormat::png, ImageFormat::webp, ImageFormat::gif, ImageFormat::avif}) {
    const Image image = decode_image(encode_image(clear, {.format = format, .quality = 100, .text = {}})).image;
    CAPTURE(name_of(format));
    CHECK(image.pixels == std::vector<std::uint8_t>(8 * 8 * 3, 255));
  }
}

TEST_CASE("files with changed, missing and doubled bytes are refused or decode to a sound picture") {
  std::mt19937 random(1);
  const DecodeLimits limits = {.max_pixels = 1'000'000};
  int refused = 0;
  for (const std::string& sound : sound_files()) {
    REQUIRE(refusal(sound) == "");
    for (int round = 0; round < 150; ++round) {
      std::string file = sound;
      for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
        const std::size_t at = random() % file.size();
        const unsigned kind = random() % 4;
        if (kind == 0)
          file.erase(at, 1 + random() % 9);
        else if (kind == 1)
          file.insert(at, file.substr(random() % file.size(), random() % 40));
        else
          file[at] = static_cast<char>(kind == 2 ? random() : static_cast<unsigned>(file[at]) ^ 1U << random() % 8);
        if (file.empty()) break;
      }
      refused += refusal(file, limits).empty() ? 0 : 1;
    }
  }
  CHECK(refused > 300);  // the changes do reach what matters
}
