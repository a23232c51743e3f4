#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "shared/tokenizer/protobuf_reader.h"

// Serialised SentencePiece models for tests, field by field, so that each can be made wrong in one place.
namespace palimpsest::test {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

inline std::string varint_field(std::uint64_t number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}

inline std::string bytes_field(std::uint64_t number, std::string_view bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

inline std::string float_field(std::uint64_t number, float value) {
  std::string bytes(sizeof value, '\0');  // little-endian, as every machine that builds this
  std::memcpy(bytes.data(), &value, sizeof value);
  return varint(number << 3 | 5) + bytes;
}

enum PieceType : std::uint64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

inline std::string piece_field(std::string_view text, float score, std::uint64_t type) {
  return bytes_field(1, bytes_field(1, text) + float_field(2, score) + varint_field(3, type));
}

/// The three pieces that every T5 model begins with.
inline std::string first_pieces() {
  return piece_field("<pad>", 0, kControl) + piece_field("</s>", 0, kControl) + piece_field("<unk>", 0, kUnknown);
}

/// trainer_spec of a unigram model with those pieces.
inline std::string trainer_spec() {
  const std::uint64_t none = ~std::uint64_t{0};
  return bytes_field(
      2, varint_field(3, 1) + varint_field(40, 2) + varint_field(41, none) + varint_field(42, 1) + varint_field(43, 0));
}

/// The payload of a message's field, which must be there.
inline std::string_view payload(std::string_view message, std::uint32_t number) {
  ProtobufReader reader("test", message);
  ProtobufField field;
  while (reader.next(field)) {
    if (field.number() == number) return field.as_bytes();
  }
  return {};
}

}  // namespace palimpsest::test
