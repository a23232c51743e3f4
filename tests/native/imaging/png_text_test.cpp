#include <doctest/doctest.h>

#include "native/imaging/encode.h"
#include "tests/native/imaging/picture_files.h"

using namespace palimpsest;
using namespace palimpsest::testing;
using namespace std::string_literals;

namespace {

std::string file_with(std::string chunks) {
  PngParts parts;
  parts.before_pixels = std::move(chunks);
  parts.sample = [](std::uint32_t, std::uint32_t, int) { return 0U; };
  return png_file(parts);
}

std::string code_of(const std::string& file) {
  try {
    read_png_text(file);
  } catch (const PalimpsestError& error) {
    return error.error().code;
  }
  return "";
}

}  // namespace

TEST_CASE("texts of other programs are read: Latin-1, compressed, international") {
  const std::string chunks = png_chunk("tEXt", "Author\0J\xfcrgen"s) +
                             png_chunk("zTXt", "Long\0\0"s + zlib("compressed")) +
                             png_chunk("iTXt", "Title\0\0\0de\0Titel\0ein Ha\xc3\xbcschen"s) +
                             png_chunk("iTXt", "Packed\0\1\0\0\0"s + zlib("家"));
  CHECK(read_png_text(file_with(chunks)) ==
        ImageText{{"Author", "Jürgen"}, {"Long", "compressed"}, {"Title", "ein Haüschen"}, {"Packed", "家"}});
}

TEST_CASE("damaged texts are left out") {
  std::string bad_checksum = png_chunk("tEXt", "a\0b"s);
  bad_checksum.back() = static_cast<char>(bad_checksum.back() ^ 1);
  const std::string chunks = bad_checksum + png_chunk("tEXt", "no zero byte") + png_chunk("tEXt", "\0no key"s) +
                             png_chunk("zTXt", "a\0\1x"s) + png_chunk("zTXt", "a\0"s) +
                             png_chunk("zTXt", "a\0\0broken"s) + png_chunk("iTXt", "a\0\0\0no ends"s) +
                             png_chunk("iTXt", "a\0\2\0\0\0b"s) + png_chunk("iTXt", "a\0\0\0\0\0\xff"s) +
                             png_chunk("tEXt", std::string(80, 'k') + "\0v"s);
  CHECK(read_png_text(file_with(chunks)).empty());
}

TEST_CASE("texts that inflate past 1 MiB, or are more than 256, are not read") {
  const std::string bomb = zlib(std::string(std::size_t{64} << 20, 'a'));
  CHECK(
      read_png_text(file_with(png_chunk("zTXt", "a\0\0"s + bomb) + png_chunk("iTXt", "a\0\1\0\0\0"s + bomb))).empty());
  std::string many;
  for (int i = 0; i < 256; ++i) many += png_chunk("tEXt", "k\0v"s);
  CHECK(read_png_text(file_with(many)).size() == 256);
  CHECK(code_of(file_with(many + png_chunk("tEXt", "k\0v"s))) == "image_too_large");
  const std::string half = png_chunk("zTXt", "a\0\0"s + zlib(std::string(600'000, 'a')));
  CHECK(read_png_text(file_with(half)).size() == 1);
  CHECK(code_of(file_with(half + half)) == "image_too_large");
}

TEST_CASE("only PNG files have such texts") {
  CHECK(code_of("GIF89a") == "image_unsupported");
  CHECK(code_of("") == "image_unsupported");
  CHECK(code_of(file_with("").substr(0, 40)) == "image_truncated");
}
