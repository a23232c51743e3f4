#include "shared/image/media_type.h"

#include <doctest/doctest.h>

#include <string>

using namespace palimpsest;
using namespace std::string_literals;

TEST_CASE("pictures are told by their signatures") {
  CHECK(sniff_media_type("\x89PNG\r\n\x1a\n..."s) == "image/png");
  CHECK(sniff_media_type("\xff\xd8\xff\xe0"s) == "image/jpeg");
  CHECK(sniff_media_type("GIF89a..."s) == "image/gif");
  CHECK(sniff_media_type("RIFF\0\0\0\0WEBPVP8 "s) == "image/webp");
  CHECK(sniff_media_type("\0\0\0\x1c"
                         "ftypavif\0\0\0\0"s) == "image/avif");
  CHECK(sniff_media_type("\0\0\0\x1c"
                         "ftypmif1\0\0\0\0avif"s) == "image/avif");
}

TEST_CASE("what is no picture, or the beginning of one, has no type") {
  for (const std::string& bytes : {""s, "\x89PNG"s, "<svg>"s, "RIFF\0\0\0\0WAVE"s,
                                   "\0\0\0\x18"
                                   "ftypheic\0\0\0\0"s,
                                   "%PDF-1"s}) {
    CHECK(sniff_media_type(bytes).empty());
  }
}

TEST_CASE("formats have media types") {
  CHECK(media_type_of_format("jpeg") == "image/jpeg");
  CHECK(media_type_of_format("avif") == "image/avif");
  CHECK(media_type_of_format("bmp").empty());
}
