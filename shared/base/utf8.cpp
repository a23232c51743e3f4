#include "shared/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace palimpsest {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xC0U) == 0x80U;
}

/// Length of the well-formed character at `i`, 0 if there is none.
std::size_t character_length(std::string_view text, std::size_t i) {
  const std::uint8_t lead = byte_at(text, i);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() - i < length) return 0;
  // The second byte's range shuts out overlong forms (E0, F0), surrogates (ED) and values above U+10FFFF (F4).
  const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  const std::uint8_t second = byte_at(text, i + 1);
  if (second < low || second > high) return 0;
  for (std::size_t k = 2; k < length; ++k) {
    if (!is_continuation(byte_at(text, i + k))) return 0;
  }
  return length;
}

std::uint32_t code_point(std::string_view text, std::size_t i, std::size_t length) {
  if (length == 1) return byte_at(text, i);
  std::uint32_t value = byte_at(text, i) & (0x7FU >> length);
  for (std::size_t k = 1; k < length; ++k) value = (value << 6) | (byte_at(text, i + k) & 0x3FU);
  return value;
}

bool is_control(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

/// Characters that show nothing themselves but change how their neighbours look.
bool is_invisible(std::uint32_t point) {
  return (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF;
}

std::string escaped(std::string_view bytes) {
  if (bytes == "\n") return "\\n";
  if (bytes == "\t") return "\\t";
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15U]};
  }
  return text;
}

}  // namespace

std::size_t first_invalid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    std::uint64_t word = 0;
    while (text.size() - i >= sizeof word) {  // eight ASCII bytes at a time
      std::memcpy(&word, text.data() + i, sizeof word);
      if ((word & 0x8080808080808080U) != 0) break;
      i += sizeof word;
    }
    if (i == text.size()) break;
    const std::size_t length = character_length(text, i);
    if (length == 0) return i;
    i += length;
  }
  return text.size();
}

bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text, i);
    if (length == 0 || is_control(code_point(text, i, length))) return true;
    i += length;
  }
  return false;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t valid = character_length(text, i);
    const std::size_t length = valid == 0 ? 1 : valid;
    const std::uint32_t point = valid == 0 ? 0 : code_point(text, i, valid);
    const std::string_view character = text.substr(i, length);
    const std::string piece = is_control(point) || is_invisible(point) ? escaped(character) : std::string(character);
    if (result.size() + piece.size() > max_bytes) return result + "...";
    result += piece;
    i += length;
  }
  return result;
}

}  // namespace palimpsest
