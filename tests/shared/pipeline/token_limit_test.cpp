#include "shared/pipeline/token_limit.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace palimpsest;

namespace {

// One token a character: bytes that do not continue one.
std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

TEST_CASE("what fits is not cut") {
  CHECK(part_beyond_limit("", 0, count_characters).empty());
  CHECK(part_beyond_limit("four", 4, count_characters).empty());
}

TEST_CASE("the part beyond the limit begins at the first character that does not fit") {
  CHECK(part_beyond_limit("abcdef", 4, count_characters) == "ef");
  CHECK(part_beyond_limit("abcdef", 0, count_characters) == "abcdef");
  CHECK(part_beyond_limit("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80!", 2, count_characters) == "\xF0\x9F\x98\x80!");
}
