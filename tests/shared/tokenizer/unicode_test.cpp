#include "shared/tokenizer/unicode.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "shared/tokenizer/code_points.h"

using namespace palimpsest;

namespace {

std::u32string random_text(std::mt19937& random, std::size_t length) {
  // Letters with and without marks, marks of several classes, Hangul parts and syllables, sigmas, ignorables.
  const std::u32string alphabet =
      U"aeAEoOΣσς'ʰ.·\u0300\u0301\u0308\u030A\u0323\u0327\u0338\u0345\u0344\u1E69\u1E0B\u212B\u2126\u1100\u1161\u11A8"
      U"\uAC00\uAC01\u0DD9\u0DCF\u0DCA\u0958\u0915\u093C\uFB1D\u0130\u01C5\U0001D15E\U00011099\U000110BA<=> 1";
  std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1);
  std::u32string text;
  while (text.size() < length) text.push_back(alphabet[pick(random)]);
  return text;
}

}  // namespace

TEST_CASE("code points survive being written as UTF-8 and read again") {
  for (const char32_t c : {0x00u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text;
    append_utf8(text, c);
    const DecodedCharacter read = decode_utf8_character(text);
    CHECK(read.valid);
    CHECK(read.code_point == c);
    CHECK(read.size_bytes == text.size());
  }
}

TEST_CASE("each byte of malformed UTF-8 becomes one replacement character") {
  CHECK(decode_utf8("a\xFF"
                    "b") == U"a\uFFFDb");
  CHECK(decode_utf8("\xC0\xAF") == U"\uFFFD\uFFFD");                      // overlong
  CHECK(decode_utf8("\xED\xA0\x80") == U"\uFFFD\uFFFD\uFFFD");            // surrogate
  CHECK(decode_utf8("\xF4\x90\x80\x80") == U"\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
  CHECK(decode_utf8("\xE2\x82") == U"\uFFFD\uFFFD");                      // cut
}

TEST_CASE("characters have the kind that the splitting pattern tells apart") {
  for (const char32_t c : U"aZéßςЖ中あ가\u05D0\u02B0\U00020000\U0001D400") {
    if (c != 0) CHECK(character_kind(c) == CharacterKind::letter);
  }
  for (const char32_t c : U"09²½Ⅷ\u0660\u3007\U0001D7CE") {
    if (c != 0) CHECK(character_kind(c) == CharacterKind::number);
  }
  for (const char32_t c : U" \t\n\u0085\u00A0\u2003\u2028\u3000") {
    if (c != 0) CHECK(character_kind(c) == CharacterKind::space);
  }
  for (const char32_t c : U"!_'\u0301\u200B\u200D\uFEFF\u001C\U0001F600\U0010FFFF\u0378") {
    if (c != 0) CHECK(character_kind(c) == CharacterKind::other);
  }
}

TEST_CASE("lower case is the full mapping") {
  CHECK(lower_case(U"HELLO Straße") == U"hello straße");
  CHECK(lower_case(U"ÄÖÜ ŸĀǅẞ ЖԱ Ⴀ Ⅷ Ａ\U00010400") == U"äöü ÿāǆß жա ⴀ ⅷ ａ\U00010428");
  CHECK(lower_case(U"İ") == U"i\u0307");
  CHECK(lower_case(U"×÷ªºß中") == U"×÷ªºß中");
}

TEST_CASE("a sigma at the end of a word becomes the final form") {
  CHECK(lower_case(U"ΟΔΥΣΣΕΥΣ ΣΑΣ") == U"οδυσσευς σας");
  CHECK(lower_case(U"Σ") == U"σ");
  CHECK(lower_case(U"ΑΣ.") == U"ας.");
  CHECK(lower_case(U"ΑΣ'Α") == U"ασ'α");  // an apostrophe does not end a word
  CHECK(lower_case(U"Α\u0301Σ\u0301") == U"α\u0301ς\u0301");
  CHECK(lower_case(U"1Σ") == U"1σ");
}

TEST_CASE("normal form C composes, orders marks and leaves exclusions apart") {
  CHECK(normalize_nfc(U"e\u0301") == U"é");
  CHECK(normalize_nfc(U"s\u0307\u0323") == U"\u1E69");
  CHECK(normalize_nfc(U"\u1E0B\u0323") == U"\u1E0D\u0307");
  CHECK(normalize_nfc(U"\u212B\u2126") == U"\u00C5\u03A9");
  CHECK(normalize_nfc(U"\u1100\u1161\u11A8\u1112\u1161") == U"\uAC01\uD558");
  CHECK(normalize_nfc(U"\u0958") == U"\u0915\u093C");
  CHECK(normalize_nfc(U"a\u0300\u0300") == U"\u00E0\u0300");
  CHECK(normalize_nfc(U"a\u0327\u0323\u0301") == U"\u1EA1\u0327\u0301");  // not U+00E1: the cedilla goes before
  CHECK(normalize_nfc(U"\u0301e") == U"\u0301e");
  CHECK(normalize_nfc(U"ﬁ Ａ ²") == U"ﬁ Ａ ²");  // compatibility forms stay
  CHECK(normalize_nfc(U"") == U"");
}

TEST_CASE("normalising and lower-casing a second time changes nothing") {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const std::u32string normal = normalize_nfc(random_text(random, 30));
    CHECK(normalize_nfc(normal) == normal);
    const std::u32string lower = lower_case(normal);
    CHECK(lower_case(lower) == lower);
  }
}

TEST_CASE("normal form C does not depend on which part of a text was composed before") {
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    const std::u32string text = random_text(random, 20);
    std::uniform_int_distribution<std::size_t> cut(0, text.size());
    const std::size_t middle = cut(random);
    CHECK(normalize_nfc(normalize_nfc(text.substr(0, middle)) + normalize_nfc(text.substr(middle))) ==
          normalize_nfc(text));
  }
}
