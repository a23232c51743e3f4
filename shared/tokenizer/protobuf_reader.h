#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace palimpsest {

/// One field of a protobuf message; which of its accessors fits depends on the wire type.
class ProtobufField {
 public:
  std::uint32_t number() const { return number_; }

  /// The value as the type asked for. Errors: TOKENIZER_INVALID where the wire type is another one.
  std::uint64_t as_varint() const;
  bool as_bool() const { return as_varint() != 0; }
  float as_float() const;
  std::string_view as_bytes() const;

 private:
  friend class ProtobufReader;
  enum class WireType { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

  void require(WireType type) const;

  std::string_view message_;
  std::uint32_t number_ = 0;
  WireType type_ = WireType::varint;
  std::uint64_t varint_ = 0;
  std::string_view bytes_;  // of fixed-width values too
};

/// Reads the fields of one serialised message in their order, never beyond its bytes.
/// Source: protobuf.dev, "Encoding".
class ProtobufReader {
 public:
  /// `name` is of the message, for errors, and must outlive the reader, as the bytes must.
  ProtobufReader(std::string_view name, std::string_view bytes) : name_(name), rest_(bytes) {}

  /// Moves on to the next field; false at the end. Errors: TOKENIZER_INVALID for a number or length cut short, a number
  /// over 64 bits, a field number out of range, groups and other unknown wire types.
  bool next(ProtobufField& field);

 private:
  [[noreturn]] void refuse(const std::string& problem) const;
  std::uint64_t read_varint();
  std::string_view read_bytes(std::uint64_t size);

  std::string_view name_;
  std::string_view rest_;
};

}  // namespace palimpsest
