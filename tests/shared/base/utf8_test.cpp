#include "shared/base/utf8.h"

#include <doctest/doctest.h>

#include <ostream>

using namespace palimpsest;

namespace {

std::string encode(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  const auto tail = [&](int shift, std::uint32_t value) { return byte(0x80U | ((value >> shift) & 0x3FU)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0U | (point >> 6)), tail(0, point)};
  if (point < 0x10000) return {byte(0xE0U | (point >> 12)), tail(6, point), tail(0, point)};
  return {byte(0xF0U | (point >> 18)), tail(12, point), tail(6, point), tail(0, point)};
}

bool is_valid(const std::string& text) {
  return first_invalid_utf8(text) == text.size();
}

}  // namespace

TEST_CASE("every Unicode scalar value is valid UTF-8 and nothing else of its form is") {
  for (std::uint32_t point = 0; point < 0x120000; ++point) {
    const bool is_scalar_value = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    if (is_valid(encode(point)) != is_scalar_value) FAIL("U+" << std::hex << point);
  }
}

TEST_CASE("every character cut short is invalid at its first byte") {
  for (const std::uint32_t point : {0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    const std::string whole = encode(point);
    for (std::size_t length = 1; length < whole.size(); ++length) {
      CHECK(first_invalid_utf8("12" + whole.substr(0, length)) == 2);
      CHECK(first_invalid_utf8("12" + whole.substr(0, length) + "345678901") == 2);
    }
  }
}

TEST_CASE("an invalid byte is found wherever it stands among eight") {
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'x');
    text[at] = '\x80';
    CHECK(first_invalid_utf8(text) == at);
  }
}

TEST_CASE("control characters of both blocks are seen") {
  CHECK_FALSE(has_control_characters("double_blocks.0.img_attn.qkv.weight \xC3\xA9"));
  for (const char* text : {"a\nb", "\x01", "\x1b[31m", "\x7f", "\xC2\x80", "\xC2\x9F"})
    CHECK_MESSAGE(has_control_characters(text), printable(text));
}

TEST_CASE("printable text has no byte that could steer a terminal") {
  CHECK(printable("plain \xC3\xA9") == "plain \xC3\xA9");
  CHECK(printable("a\n\t\x1b[31m") == "a\\n\\t\\x1b[31m");
  CHECK(printable("\xFF") == "\\xff");
  CHECK(printable("\xE2\x80\xAE"
                  "evil") == "\\xe2\\x80\\xaeevil");
  CHECK(printable("\xC2\x9B") == "\\xc2\\x9b");
}

TEST_CASE("printable text is cut between characters") {
  CHECK(printable("abcdef", 4) == "abcd...");
  CHECK(printable("abc\xC3\xA9", 4) == "abc...");
  CHECK(printable("abcd", 4) == "abcd");
}
