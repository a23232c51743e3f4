#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

/// What stands for each byte that is not part of valid UTF-8.
inline constexpr char32_t kReplacementCharacter = 0xFFFD;

/// One code point read from the front of a text, and the bytes it took.
struct DecodedCharacter {
  char32_t code_point;
  std::size_t size_bytes;
  bool valid;  ///< false: one byte of malformed UTF-8, read as kReplacementCharacter
};

/// Reads the first character of a text that is not empty; overlong forms, surrogates and cut sequences are malformed.
/// Source: SentencePiece util.h `DecodeUTF8`, whose one byte per error decides how many replacements there are.
DecodedCharacter decode_utf8_character(std::string_view text);

/// The whole text, malformed bytes replaced one by one.
std::u32string decode_utf8(std::string_view text);

/// Appends one code point, which must be a valid one.
void append_utf8(std::string& text, char32_t code_point);

}  // namespace palimpsest
