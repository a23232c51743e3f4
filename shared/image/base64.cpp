#include "shared/image/base64.h"

#include <array>
#include <cstdint>

namespace palimpsest {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> digit_table() {
  std::array<std::uint8_t, 256> table{};
  for (std::uint8_t& entry : table) entry = kNoDigit;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr std::array<std::uint8_t, 256> kDigits = digit_table();

Error wrong_at(std::size_t offset) {
  return {"invalid_base64", "is not base64 at character " + std::to_string(offset)};
}

std::size_t padding_of(std::string_view text) {
  if (text.empty() || text.back() != '=') return 0;
  return text[text.size() - 2] == '=' ? 2 : 1;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  const std::size_t whole = bytes.size() / 3 * 3;
  const auto byte = [bytes](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  const auto put = [&out](std::uint32_t group, int digits) {
    for (int k = 0; k < digits; ++k) *out++ = kAlphabet[group >> (18 - 6 * k) & 63];
  };
  for (std::size_t i = 0; i < whole; i += 3) put(byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2), 4);
  const std::size_t rest = bytes.size() - whole;
  if (rest == 1) put(byte(whole) << 16, 2);
  if (rest == 2) put(byte(whole) << 16 | byte(whole + 1) << 8, 3);
  return text;
}

Result<std::string> decode_base64(std::string_view text, std::size_t max_bytes) {
  if (text.size() % 4 != 0) return Error{"invalid_base64", "is not base64: its length is not a multiple of 4"};
  const std::size_t padding = padding_of(text);
  const std::size_t size = text.size() / 4 * 3 - padding;
  if (size > max_bytes) {
    return Error{"base64_too_large",
                 "has " + std::to_string(size) + " bytes; at most " + std::to_string(max_bytes) + " are allowed", "",
                 413};
  }
  std::string bytes;
  bytes.reserve(size + 2);
  std::uint32_t group = 0;
  const std::size_t digits = text.size() - padding;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t digit = i < digits ? kDigits[static_cast<unsigned char>(text[i])] : std::uint8_t{0};
    if (digit == kNoDigit) return wrong_at(i);
    group = group << 6 | digit;
    if (i % 4 != 3) continue;
    bytes +=
        {static_cast<char>(group >> 16 & 255), static_cast<char>(group >> 8 & 255), static_cast<char>(group & 255)};
    group = 0;
  }
  // The bits beside the last byte must be 0, so that one picture has one text.
  for (std::size_t i = size; i < bytes.size(); ++i) {
    if (bytes[i] != 0) return wrong_at(digits - 1);
  }
  bytes.resize(size);
  return bytes;
}

Result<DataUrl> decode_data_url(std::string_view url, std::size_t max_bytes) {
  constexpr std::string_view kScheme = "data:", kMarker = ";base64";
  const std::size_t comma = url.substr(0, 256).find(',');
  if (url.substr(0, kScheme.size()) != kScheme || comma == std::string_view::npos) {
    return Error{"invalid_data_url", "is not a data URL; data:image/png;base64,… is needed"};
  }
  std::string_view type = url.substr(kScheme.size(), comma - kScheme.size());
  if (type.size() < kMarker.size() || type.substr(type.size() - kMarker.size()) != kMarker) {
    return Error{"invalid_data_url", "is a data URL without ;base64, which is needed"};
  }
  type = type.substr(0, type.find(';'));
  Result<std::string> bytes = decode_base64(url.substr(comma + 1), max_bytes);
  if (!bytes) return bytes.error();
  return DataUrl{std::string(type), *std::move(bytes)};
}

}  // namespace palimpsest
