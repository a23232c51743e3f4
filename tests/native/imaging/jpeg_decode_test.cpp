#include <doctest/doctest.h>

#include <cstdlib>

#include "shared/image/compare.h"
#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;
using namespace std::string_literals;

namespace {

using Kind = JpegParts::Kind;

Image flat(ImageSize size, std::vector<std::uint8_t> pixel) {
  Image image(size, static_cast<int>(pixel.size()));
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = pixel[i % pixel.size()];
  return image;
}

JpegParts parts_of(Image samples, Kind kind) {
  JpegParts parts;
  parts.samples = std::move(samples);
  parts.kind = kind;
  return parts;
}

/// Where the scan's segment starts, and where the file's end marker is.
std::size_t last_scan(const std::string& file) {
  return file.rfind("\xff\xda");
}

void check_flat(const Image& image, std::array<int, 3> want, int tolerance) {
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    REQUIRE(std::abs(int{image.pixels[i]} - want[i % 3]) <= tolerance);
  }
}

std::string icc_part(int number, int count, std::string_view data) {
  std::string segment = "ICC_PROFILE\0"s;
  segment += {static_cast<char>(number), static_cast<char>(count)};
  return segment + std::string(data);
}

}  // namespace

TEST_CASE("JPEG: grey, RGB and YCbCr in every sampling come back close to what went in") {
  const Image color = sample_picture({75, 41}, 3), grey = sample_picture({75, 41}, 1);
  CHECK(compare(decode_image(jpeg_file(parts_of(color, Kind::ycc))).image, color)->largest <= 8);
  CHECK(compare(decode_image(jpeg_file(parts_of(color, Kind::rgb))).image, color)->largest <= 3);
  CHECK(compare(decode_image(jpeg_file(parts_of(grey, Kind::grey))).image, to_rgb(grey))->largest <= 3);
  for (const auto& [horizontal, vertical] : std::vector<std::pair<int, int>>{{2, 1}, {1, 2}, {2, 2}, {4, 1}}) {
    CAPTURE(horizontal);
    CAPTURE(vertical);
    JpegParts parts = parts_of(flat({75, 41}, {200, 60, 30}), Kind::ycc);
    parts.horizontal = horizontal;
    parts.vertical = vertical;
    for (const bool progressive : {false, true}) {
      parts.progressive = progressive;
      const Image image = decode_image(jpeg_file(parts)).image;
      CHECK(image.size() == ImageSize{75, 41});
      check_flat(image, {200, 60, 30}, 3);
    }
  }
}

TEST_CASE("JPEG: pictures one pixel wide or high are decoded") {
  for (const ImageSize size : {ImageSize{1, 1}, ImageSize{1, 16'384}, ImageSize{16'384, 1}}) {
    CHECK(decode_image(jpeg_file(parts_of(flat(size, {77}), Kind::grey))).image == flat(size, {77, 77, 77}));
  }
}

TEST_CASE("JPEG: CMYK and YCCK are converted, with Adobe's inversion where its marker is") {
  // As ink of 0 to 255: cyan 0, magenta 155, yellow 205, black 51; paper white times what the inks let through.
  const std::array<int, 3> want = {204, 80, 40};
  for (const Kind kind : {Kind::cmyk, Kind::ycck}) {
    JpegParts parts = parts_of(flat({16, 16}, {255, 100, 50, 204}), kind);
    check_flat(decode_image(jpeg_file(parts)).image, want, 3);
  }
  JpegParts plain = parts_of(flat({16, 16}, {0, 155, 205, 51}), Kind::cmyk);
  plain.adobe = false;
  check_flat(decode_image(jpeg_file(plain)).image, want, 3);
}

TEST_CASE("JPEG: a file cut anywhere is truncated or invalid, and never has a grey rest") {
  for (const bool progressive : {false, true}) {
    JpegParts parts = parts_of(sample_picture({64, 64}, 3), Kind::ycc);
    parts.progressive = progressive;
    const std::string file = jpeg_file(parts);
    for (std::size_t size = 3; size < file.size(); size += 7) {
      CAPTURE(size);
      CHECK(refusal(std::string_view(file).substr(0, size)) == "image_truncated");
    }
    CHECK(refusal(file.substr(0, file.size() - 1)) == "image_truncated");
    CHECK(refusal(file + "trailing bytes and a second picture") == "");
  }
}

TEST_CASE("JPEG: a header of 65,535 pixels a side is refused before decoding") {
  std::string file = jpeg_file(parts_of(flat({16, 16}, {1}), Kind::grey));
  const std::size_t frame = file.find("\xff\xc0");
  file.replace(frame + 5, 4, "\xff\xdc\xff\xdc");  // libjpeg's own limit is 65,500
  CHECK(refusal(file) == "image_too_large");
  file.replace(frame + 5, 4, "\xff\xff\xff\xff");
  CHECK(refusal(file) == "image_invalid");
}

TEST_CASE("JPEG: files of more than 1,000 scans, or of too many for their size, are too complex") {
  const auto with_scans = [](ImageSize size, int count) {
    JpegParts parts = parts_of(flat(size, {90}), Kind::grey);
    parts.full_band_scans = true;
    std::string file = jpeg_file(parts);
    file.resize(file.size() - 2);  // the end marker
    const std::string scan = file.substr(last_scan(file));
    for (int i = 2; i < count; ++i) file += scan;
    return file + "\xff\xd9";
  };
  CHECK(refusal(with_scans({16, 16}, 2)) == "");
  CHECK(refusal(with_scans({16, 16}, 1'000)) == "");
  CHECK(refusal(with_scans({16, 16}, 1'001)) == "image_too_complex");
  CHECK(refusal(with_scans({4'000, 4'000}, 300)) == "image_too_complex");
}

TEST_CASE("JPEG: arithmetic coding, lossless and 12-bit files are unsupported") {
  JpegParts parts = parts_of(sample_picture({32, 32}, 3), Kind::ycc);
  std::string file = jpeg_file(parts);
  const std::size_t frame = file.find("\xff\xc0");
  std::string lossless = file, deep = file;
  lossless[frame + 1] = '\xc3';
  deep[frame + 4] = 12;
  CHECK(refusal(lossless) == "image_unsupported");
  CHECK(refusal(deep) == "image_unsupported");
  parts.arithmetic = true;
  CHECK(refusal(jpeg_file(parts)) == "image_unsupported");
}

TEST_CASE("JPEG: missing tables, wrong codes and wrong restart markers are invalid") {
  JpegParts parts = parts_of(sample_picture({64, 64}, 3), Kind::ycc);
  const std::string file = jpeg_file(parts);
  std::string without_tables = file;
  for (std::size_t at; (at = without_tables.find("\xff\xdb")) != std::string::npos;) {
    const auto length = static_cast<std::size_t>(static_cast<std::uint8_t>(without_tables[at + 2]) * 256 +
                                                 static_cast<std::uint8_t>(without_tables[at + 3]));
    without_tables.erase(at, length + 2);
  }
  CHECK(refusal(without_tables) == "image_invalid");
  std::string wrong = file;  // no code consists of ones only
  for (std::size_t i = last_scan(file) + 40; i < last_scan(file) + 80; ++i) wrong[i] = i % 2 == 0 ? '\xff' : '\0';
  CHECK(refusal(wrong) == "image_invalid");
  parts.restart_interval = 2;
  std::string restarts = jpeg_file(parts);
  CHECK(refusal(restarts) == "");
  restarts[restarts.find("\xff\xd1") + 1] = '\xd5';
  CHECK(refusal(restarts) == "image_invalid");
}

TEST_CASE("JPEG: EXIF turns the picture upright in all eight ways") {
  // Four quarters in four colours, wide enough that blocks do not mix them.
  Image stored({64, 32}, 3);
  const auto color = [](bool right, bool low) {
    return std::array<std::uint8_t, 2>{right ? std::uint8_t{220} : std::uint8_t{30},
                                       low ? std::uint8_t{200} : std::uint8_t{50}};
  };
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 64; ++x) {
      const auto [r, g] = color(x >= 32, y >= 16);
      stored.row(y)[x * 3] = r;
      stored.row(y)[x * 3 + 1] = g;
    }
  }
  // Which stored quarter, right and low, is at the upper left and the upper right of the upright picture.
  const std::array<std::array<bool, 4>, 8> corners = {{{false, false, true, false},
                                                       {true, false, false, false},
                                                       {true, true, false, true},
                                                       {false, true, true, true},
                                                       {false, false, false, true},
                                                       {false, true, false, false},
                                                       {true, true, true, false},
                                                       {true, false, true, true}}};
  for (std::uint32_t orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    JpegParts parts = parts_of(stored, Kind::rgb);
    parts.application_1 = "Exif\0\0"s + exif_block(orientation, orientation % 2 == 0);
    const Image image = decode_image(jpeg_file(parts)).image;
    CHECK(image.size() == (orientation >= 5 ? ImageSize{32, 64} : ImageSize{64, 32}));
    const auto& corner = corners[orientation - 1];
    const auto left = color(corner[0], corner[1]), right = color(corner[2], corner[3]);
    CHECK(std::abs(image.row(0)[0] - left[0]) <= 3);
    CHECK(std::abs(image.row(0)[1] - left[1]) <= 3);
    CHECK(std::abs(image.row(0)[image.row_bytes() - 3] - right[0]) <= 3);
    CHECK(std::abs(image.row(0)[image.row_bytes() - 2] - right[1]) <= 3);
  }
}

TEST_CASE("JPEG: EXIF that makes no sense leaves the picture as it is stored") {
  const Image samples = sample_picture({16, 8}, 3);
  std::string looped = exif_block(6);
  looped.replace(4, 4, little_endian(0));
  std::vector<std::string> blocks = {exif_block(0),
                                     exif_block(9),
                                     exif_block(65'535),
                                     exif_block(6, false, 4),
                                     exif_block(6, false, 3, 0xffffffff),
                                     looped,
                                     "II",
                                     "",
                                     "MM\0*\xff\xff\xff\xff"s};
  std::string many = exif_block(6);
  many.replace(8, 2, "\xff\xff");
  blocks.push_back(many);
  for (const std::string& block : blocks) {
    JpegParts parts = parts_of(samples, Kind::rgb);
    parts.application_1 = "Exif\0\0"s + block;
    CHECK(decode_image(jpeg_file(parts)).image.size() == ImageSize{16, 8});
  }
}

TEST_CASE("JPEG: a profile in parts is applied; one with parts missing or doubled is ignored with a warning") {
  const std::string profile = swapped_rgb_profile();
  const std::string first = profile.substr(0, 200), second = profile.substr(200);
  JpegParts parts = parts_of(flat({8, 8}, {180, 90, 40}), Kind::rgb);
  parts.application_2 = {icc_part(1, 2, first), icc_part(2, 2, second)};
  check_flat(decode_image(jpeg_file(parts)).image, {90, 180, 40}, 3);
  for (const auto& segments : std::vector<std::vector<std::string>>{
           {icc_part(1, 2, first)}, {icc_part(1, 2, first), icc_part(1, 2, first)}, {icc_part(0, 0, "")}}) {
    parts.application_2 = segments;
    const DecodedImage decoded = decode_image(jpeg_file(parts));
    check_flat(decoded.image, {180, 90, 40}, 3);
    CHECK(decoded.warnings.size() == 1);
  }
}

TEST_CASE("JPEG: a profile above 4 MiB is ignored with a warning") {
  JpegParts parts = parts_of(flat({8, 8}, {180, 90, 40}), Kind::rgb);
  for (int i = 1; i <= 70; ++i) parts.application_2.push_back(icc_part(i, 70, std::string(65'000, 'x')));
  const DecodedImage decoded = decode_image(jpeg_file(parts));
  CHECK(decoded.warnings == std::vector<std::string>{"the colour profile is above 4 MiB and was ignored"});
}

TEST_CASE("JPEG: stray bytes between segments are passed over with a warning") {
  std::string file = jpeg_file(parts_of(flat({16, 16}, {90}), Kind::grey));
  file.insert(file.find("\xff\xdb"), "stray");
  const DecodedImage decoded = decode_image(file);
  check_flat(decoded.image, {90, 90, 90}, 1);
  CHECK(decoded.warnings.size() == 1);
}
