#include "native/imaging/encode.h"

#include <doctest/doctest.h>

#include "native/imaging/blend.h"
#include "native/imaging/decode.h"
#include "native/imaging/quantize.h"
#include "shared/image/compare.h"
#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;
using namespace std::string_literals;

namespace {

constexpr std::array kFormats = {ImageFormat::png, ImageFormat::jpeg, ImageFormat::webp, ImageFormat::gif,
                                 ImageFormat::avif};

std::string encoded(const Image& image, ImageFormat format, std::optional<int> quality = {}, ImageText text = {}) {
  return encode_image(image, {.format = format, .quality = quality, .text = std::move(text)});
}

std::string refused(const Image& image, const EncodeOptions& options) {
  try {
    encode_image(image, options);
  } catch (const PalimpsestError& error) {
    return error.error().code;
  }
  return "";
}

/// How near a round trip comes, in decibels.
double psnr(const Image& image, ImageFormat format, int quality) {
  return compare(decode_image(encoded(image, format, quality)).image, image)->psnr_db;
}

}  // namespace

TEST_CASE("PNG, and WebP and AVIF at 100, keep every pixel of grey, RGB and alpha") {
  for (const int channels : {1, 3, 4}) {
    for (const ImageSize size : {ImageSize{1, 1}, ImageSize{67, 45}, ImageSize{3, 200}}) {
      const Image image = sample_picture(size, channels);
      for (const ImageFormat format : {ImageFormat::png, ImageFormat::webp, ImageFormat::avif}) {
        CAPTURE(name_of(format));
        CAPTURE(channels);
        const Image back = decode_image(encoded(image, format, 100), Alpha::keep).image;
        CHECK(back == (channels == 1 ? to_rgb(image) : image));
      }
    }
  }
}

TEST_CASE("each format's file is recognised as that format") {
  const Image image = sample_picture({20, 20}, 3);
  for (const ImageFormat format : kFormats) CHECK(probe_image(encoded(image, format)).format == format);
}

TEST_CASE("a higher quality is nearer to the picture") {
  const Image image = sample_picture({96, 96}, 3);
  for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::webp, ImageFormat::avif}) {
    CAPTURE(name_of(format));
    const double low = psnr(image, format, 10), middle = psnr(image, format, 60), high = psnr(image, format, 95);
    CHECK(low < middle);
    CHECK(middle < high);
    CHECK(high > 30);
    CHECK(encoded(image, format, 10).size() < encoded(image, format, 95).size());
  }
}

TEST_CASE("JPEG lays transparent pixels on white") {
  const Image image = sample_picture({64, 64}, 4);
  const Image back = decode_image(encoded(image, ImageFormat::jpeg, 100)).image;
  CHECK(compare(back, blend_on_white(image))->psnr_db > 40);
}

TEST_CASE("GIF keeps pictures of up to 256 colours exactly, with see-through pixels up to 255") {
  Image image({16, 16}, 3);
  for (std::size_t i = 0; i < 256; ++i) {
    image.pixels[i * 3] = static_cast<std::uint8_t>(i);
    image.pixels[i * 3 + 1] = static_cast<std::uint8_t>(255 - i);
  }
  CHECK(decode_image(encoded(image, ImageFormat::gif)).image == image);
  Image clear({16, 16}, 4);
  for (std::size_t i = 1; i < 256; ++i) {
    clear.pixels[i * 4] = static_cast<std::uint8_t>(i);
    clear.pixels[i * 4 + 3] = 255;
  }
  CHECK(decode_image(encoded(clear, ImageFormat::gif), Alpha::keep).image == clear);
}

TEST_CASE("GIF pictures of many colours keep their local means") {
  const Image image = sample_picture({128, 128}, 3);
  const Image back = decode_image(encoded(image, ImageFormat::gif)).image;
  CHECK(compare(back, image)->psnr_db > 30);
  // The diffused errors cancel over 16 by 16 pixels to a level or so.
  for (int y = 0; y < 128; y += 16) {
    for (int x = 0; x < 128; x += 16) {
      std::array<int, 3> sums = {};
      for (int i = 0; i < 16 * 16 * 3; ++i) {
        const int at = (x + i / 3 % 16) * 3 + i % 3, row = y + i / 48;
        sums[static_cast<std::size_t>(i % 3)] += back.row(row)[at] - image.row(row)[at];
      }
      for (const int sum : sums) CHECK(std::abs(sum) < 3 * 256);
    }
  }
}

TEST_CASE("the quantizer makes at most 256 colours and indices within them") {
  for (const int channels : {1, 3, 4}) {
    Image image = sample_picture({200, 150}, channels);
    if (channels == 4) image.pixels[3] = 0;
    const IndexedImage indexed = quantize(image);
    CHECK(indexed.colors.size() <= 256);
    CHECK((indexed.transparent >= 0) == (channels == 4));
    CHECK(indexed.indices.size() == 200 * 150);
    for (const std::uint8_t index : indexed.indices) REQUIRE(index < indexed.colors.size());
  }
}

TEST_CASE("texts come back from PNG as they went in") {
  const ImageText text = {
      {"prompt", "ein blaues Haus, 家 🏠\nzweite Zeile"}, {"parameters", "{\"seed\": 1}"}, {"empty", ""}};
  CHECK(read_png_text(encoded(sample_picture({9, 9}, 3), ImageFormat::png, {}, text)) == text);
}

TEST_CASE("texts are in the files of all other formats, which still decode") {
  const Image image = sample_picture({32, 32}, 3);
  for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::webp, ImageFormat::gif, ImageFormat::avif}) {
    CAPTURE(name_of(format));
    const std::string file = encoded(image, format, {}, {{"prompt", "a <b> & ü 家"}});
    const bool plain = format == ImageFormat::gif;
    CHECK(file.find(plain ? "prompt: a <b> & ü 家" : "a &lt;b&gt; &amp; ü 家") != std::string::npos);
    CHECK(decode_image(file).image.size() == image.size());
  }
}

TEST_CASE("a long text reaches GIF whole") {
  const std::string file = encoded(sample_picture({8, 8}, 3), ImageFormat::gif, {}, {{"k", std::string(1000, 'x')}});
  CHECK(std::count(file.begin(), file.end(), 'x') == 1000);
  CHECK(refusal(file) == "");
}

TEST_CASE("settings and texts that a format cannot have are refused") {
  const Image image = sample_picture({4, 4}, 3);
  const auto with = [](ImageFormat format, std::optional<int> quality, ImageText text = {}) {
    return EncodeOptions{.format = format, .quality = quality, .text = std::move(text)};
  };
  CHECK(refused(image, with(ImageFormat::jpeg, -1)) == "invalid_value");
  CHECK(refused(image, with(ImageFormat::jpeg, 101)) == "invalid_value");
  CHECK(refused(image, with(ImageFormat::jpeg, 0)) == "");
  CHECK(refused(image, with(ImageFormat::png, 80)) == "invalid_value");
  CHECK(refused(image, with(ImageFormat::gif, 80)) == "invalid_value");
  CHECK(refused(image, with(ImageFormat::png, 100)) == "");
  for (const std::string& key : {""s, "a\nb"s, "ü"s, " a"s, std::string(80, 'k'), "a\0b"s}) {
    CHECK(refused(image, with(ImageFormat::png, {}, {{key, "v"}})) == "invalid_value");
  }
  for (const std::string& value : {"\xff"s, "a\0b"s, "\x1b[2J"s}) {
    CHECK(refused(image, with(ImageFormat::png, {}, {{"k", value}})) == "invalid_value");
  }
  CHECK(refused(image, with(ImageFormat::jpeg, {}, {{"k", std::string(70'000, 'v')}})) == "invalid_value");
  CHECK(refused(Image(), {}) == "invalid_value");
  CHECK(refused(Image({16'384, 1}, 3), with(ImageFormat::webp, {})) == "invalid_value");
  CHECK(refused(Image({65'536, 1}, 3), with(ImageFormat::gif, {})) == "invalid_value");
  CHECK(refused(Image({65'501, 1}, 3), with(ImageFormat::jpeg, {})) == "invalid_value");
}

TEST_CASE("pictures as large as each format takes are written") {
  CHECK(refused(Image({16'383, 1}, 3), {.format = ImageFormat::webp, .quality = {}, .text = {}}) == "");
  CHECK(refused(Image({65'535, 1}, 3), {.format = ImageFormat::gif, .quality = {}, .text = {}}) == "");
  CHECK(refused(Image({65'500, 1}, 3), {.format = ImageFormat::jpeg, .quality = {}, .text = {}}) == "");
}

TEST_CASE("names, media types and endings of formats") {
  for (const ImageFormat format : kFormats) CHECK(parse_image_format(name_of(format)) == format);
  CHECK(parse_image_format("jpg") == ImageFormat::jpeg);
  CHECK_FALSE(parse_image_format("PNG"));
  CHECK_FALSE(parse_image_format("bmp"));
  CHECK(media_type_of(ImageFormat::avif) == "image/avif");
  CHECK(image_format_of_path("a/b.c/picture.JPG") == ImageFormat::jpeg);
  CHECK(image_format_of_path("picture.webp") == ImageFormat::webp);
  CHECK_FALSE(image_format_of_path("png"));
  CHECK_FALSE(image_format_of_path("folder.png/picture"));
  CHECK_FALSE(image_format_of_path(""));
}
