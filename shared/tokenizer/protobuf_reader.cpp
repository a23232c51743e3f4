#include "shared/tokenizer/protobuf_reader.h"

#include "shared/base/bit_cast.h"
#include "shared/tokenizer/tokenizer_file.h"

namespace palimpsest {

void ProtobufField::require(WireType type) const {
  if (type_ == type) return;
  refuse_tokenizer(std::string(message_), "field " + std::to_string(number_) + " has wire type " +
                                              std::to_string(static_cast<int>(type_)) + ", not " +
                                              std::to_string(static_cast<int>(type)));
}

std::uint64_t ProtobufField::as_varint() const {
  require(WireType::varint);
  return varint_;
}

float ProtobufField::as_float() const {
  require(WireType::fixed32);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i) bits |= std::uint32_t{static_cast<unsigned char>(bytes_[i])} << 8 * i;
  return bit_cast<float>(bits);
}

std::string_view ProtobufField::as_bytes() const {
  require(WireType::bytes);
  return bytes_;
}

bool ProtobufReader::next(ProtobufField& field) {
  using WireType = ProtobufField::WireType;
  if (rest_.empty()) return false;
  const std::uint64_t key = read_varint(), number = key >> 3;
  if (number == 0 || number >= std::uint64_t{1} << 29) refuse("a field has number " + std::to_string(number));
  field.message_ = name_;
  field.number_ = static_cast<std::uint32_t>(number);
  field.type_ = static_cast<WireType>(key & 7);
  switch (field.type_) {
    case WireType::varint:
      field.varint_ = read_varint();
      return true;
    case WireType::fixed64:
      field.bytes_ = read_bytes(8);
      return true;
    case WireType::bytes:
      field.bytes_ = read_bytes(read_varint());
      return true;
    case WireType::fixed32:
      field.bytes_ = read_bytes(4);
      return true;
  }
  refuse("field " + std::to_string(number) + " has unknown wire type " + std::to_string(key & 7));
}

void ProtobufReader::refuse(const std::string& problem) const {
  refuse_tokenizer(std::string(name_), problem);
}

std::uint64_t ProtobufReader::read_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) refuse("the message ends within a number");
    const auto byte = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  refuse("a number has more than 64 bits");
}

std::string_view ProtobufReader::read_bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    refuse("a field of " + std::to_string(size) + " bytes where only " + std::to_string(rest_.size()) + " are left");
  }
  const std::string_view bytes = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(bytes.size());
  return bytes;
}

}  // namespace palimpsest
