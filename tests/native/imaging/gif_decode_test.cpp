#include <doctest/doctest.h>

#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;
using namespace std::string_literals;

namespace {

GifParts eight_pixels() {
  GifParts parts;
  parts.indices = {0, 1, 2, 3, 3, 2, 1, 0};
  return parts;
}

const std::string kControlBlock = "!\xf9\x04\x01\x00\x00\x02\x00"s;  // colour 2 is see-through

}  // namespace

TEST_CASE("GIF: pixels are looked up in the colour table") {
  const Image image = decode_image(gif_file(eight_pixels())).image;
  CHECK(image.pixels == std::vector<std::uint8_t>{0, 0, 0,   255, 0,   0, 0,   255, 0, 0, 0, 255,  //
                                                  0, 0, 255, 0,   255, 0, 255, 0,   0, 0, 0, 0});
}

TEST_CASE("GIF: interlaced rows are put in order") {
  GifParts parts;
  parts.screen_width = parts.width = 1;
  parts.screen_height = parts.height = 9;
  parts.interlaced = true;
  parts.indices = {0, 3, 1, 2, 2, 3, 3, 3, 3};  // rows 0 8 | 4 | 2 6 | 1 3 5 7
  const Image image = decode_image(gif_file(parts)).image;
  std::vector<int> blue_or_so;
  for (int y = 0; y < 9; ++y)
    blue_or_so.push_back(image.row(y)[0] != 0 ? 1 : image.row(y)[1] != 0 ? 2 : image.row(y)[2] != 0 ? 3 : 0);
  CHECK(blue_or_so == std::vector<int>{0, 3, 2, 3, 1, 3, 2, 3, 3});
}

TEST_CASE("GIF: see-through pixels and what the frame leaves free are transparent") {
  GifParts parts = eight_pixels();
  parts.screen_width = 6;
  parts.left = 1;
  parts.before_image = kControlBlock;
  const DecodedImage decoded = decode_image(gif_file(parts), Alpha::keep);
  CHECK(decoded.image.size() == ImageSize{6, 2});
  std::vector<int> alpha;
  for (int x = 0; x < 6; ++x) alpha.push_back(decoded.image.row(0)[x * 4 + 3]);
  CHECK(alpha == std::vector<int>{0, 255, 255, 0, 255, 0});
  CHECK(decode_image(gif_file(parts)).image.row(0)[0] == 255);
}

TEST_CASE("GIF: of several frames the first is read") {
  std::string file = gif_file(eight_pixels());
  const std::string frame = file.substr(file.find(','), file.size() - 1 - file.find(','));
  file.insert(file.size() - 1, frame + frame);
  const DecodedImage decoded = decode_image(file);
  CHECK(decoded.info.frames == 3);
  CHECK(decoded.warnings == std::vector<std::string>{"only the first of the 3 frames was read"});
}

TEST_CASE("GIF: a file cut anywhere is truncated") {
  GifParts parts = eight_pixels();
  parts.before_image = kControlBlock + "!\xfe\x05hello\x00"s;
  const std::string file = gif_file(parts);
  for (std::size_t size = 6; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK(refusal(std::string_view(file).substr(0, size)) == "image_truncated");
  }
}

TEST_CASE("GIF: screens above the limit are refused though the frame is tiny") {
  GifParts parts = eight_pixels();
  parts.screen_width = parts.screen_height = 65'535;
  CHECK(refusal(gif_file(parts)) == "image_too_large");
}

TEST_CASE("GIF: frames that cannot be are invalid") {
  const auto refused = [](auto change) {
    GifParts parts = eight_pixels();
    change(parts);
    return refusal(gif_file(parts));
  };
  CHECK(refused([](GifParts&) {}) == "");
  CHECK(refused([](GifParts& p) { p.left = 1; }) == "image_invalid");
  CHECK(refused([](GifParts& p) { p.top = 65'535; }) == "image_invalid");
  CHECK(refused([](GifParts& p) { p.height = 0; }) == "image_invalid");
  CHECK(refused([](GifParts& p) { p.width = 0; }) == "image_invalid");
  CHECK(refused([](GifParts& p) { p.has_colors = false; }) == "image_invalid");
  for (const int code_size : {0, 1, 9, 12, 255}) {
    CAPTURE(code_size);
    std::string file = gif_file(eight_pixels());
    file[file.find(',') + 10] = static_cast<char>(code_size);
    CHECK(refusal(file) == "image_invalid");
  }
}

TEST_CASE("GIF: codes past the table and data that end early are refused") {
  std::string file = gif_file(eight_pixels());
  const std::size_t data = file.find(',') + 12;
  std::string wrong = file, ended = file;
  wrong[data] = '\xff';
  CHECK(refusal(wrong) == "image_invalid");
  GifParts few = eight_pixels();
  few.indices.resize(5);
  CHECK(refusal(gif_file(few)) != "");
}

TEST_CASE("GIF: colours past the end of the table are invalid") {
  GifParts parts = eight_pixels();
  parts.code_size = 3;
  parts.indices[3] = 5;
  CHECK(refusal(gif_file(parts)) == "image_invalid");
}

TEST_CASE("GIF: unknown blocks and files without a frame are invalid") {
  GifParts parts = eight_pixels();
  parts.before_image = "?";
  CHECK(refusal(gif_file(parts)) == "image_invalid");
  std::string file = gif_file(eight_pixels());
  file.resize(file.find(','));
  CHECK(refusal(file + ";") == "image_invalid");
}
