#include "native/storage/random_id.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kIdLetters = 26;  // 128 bits in letters of 5

}  // namespace

std::string random_id() {
  std::array<std::uint8_t, kIdBytes> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    fail(codes::kInternal, "the operating system gave no random bits", 500);
  }
  std::string id;
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 5; count -= 5) id += kAlphabet[bits >> (count - 5) & 31];
  }
  id += kAlphabet[bits << (5 - count) & 31];
  return id;
}

bool is_random_id(std::string_view text) {
  return text.size() == kIdLetters &&
         std::all_of(text.begin(), text.end(), [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

}  // namespace palimpsest
