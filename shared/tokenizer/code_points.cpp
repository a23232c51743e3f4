#include "shared/tokenizer/code_points.h"

namespace palimpsest {

namespace {

bool is_scalar_value(char32_t c) {
  return c < 0xD800 || (c >= 0xE000 && c <= 0x10FFFF);
}

// Length of a sequence by its first byte, 0 for a byte that cannot start one, and the least code point of that length.
struct SequenceForm {
  std::size_t size_bytes;
  unsigned char payload_mask;
  char32_t least;
};

SequenceForm form_of(unsigned char lead) {
  if (lead < 0x80) return {1, 0x7F, 0};
  if ((lead & 0xE0) == 0xC0) return {2, 0x1F, 0x80};
  if ((lead & 0xF0) == 0xE0) return {3, 0x0F, 0x800};
  if ((lead & 0xF8) == 0xF0) return {4, 0x07, 0x10000};
  return {0, 0, 0};
}

}  // namespace

DecodedCharacter decode_utf8_character(std::string_view text) {
  constexpr DecodedCharacter kMalformed{kReplacementCharacter, 1, false};
  const auto lead = static_cast<unsigned char>(text[0]);
  const SequenceForm form = form_of(lead);
  if (form.size_bytes == 0 || form.size_bytes > text.size()) return kMalformed;
  char32_t code_point = lead & form.payload_mask;
  for (std::size_t i = 1; i < form.size_bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return kMalformed;
    code_point = code_point << 6 | (byte & 0x3F);
  }
  if (code_point < form.least || !is_scalar_value(code_point)) return kMalformed;
  return {code_point, form.size_bytes, true};
}

std::u32string decode_utf8(std::string_view text) {
  std::u32string decoded;
  decoded.reserve(text.size());
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8_character(text);
    decoded.push_back(character.code_point);
    text.remove_prefix(character.size_bytes);
  }
  return decoded;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      put(0xE0 | code_point >> 12);
    } else {
      put(0xF0 | code_point >> 18);
      put(0x80 | (code_point >> 12 & 0x3F));
    }
    put(0x80 | (code_point >> 6 & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

}  // namespace palimpsest
