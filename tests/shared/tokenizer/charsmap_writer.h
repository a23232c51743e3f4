#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace palimpsest::test {

inline std::string u32_bytes(std::uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift & 0xFF));
  return bytes;
}

inline std::string charsmap_bytes(const std::vector<std::uint32_t>& units, const std::string& replacements) {
  std::string bytes = u32_bytes(static_cast<std::uint32_t>(units.size() * 4));
  for (const std::uint32_t unit : units) bytes += u32_bytes(unit);
  return bytes + replacements;
}

/// A trie with the two keys "a" (value 0) and "ab" (value 2), laid out by hand in one block of 256 units.
struct SmallTrie {
  static constexpr std::uint32_t kLeafBit = 0x80000000, kHasLeaf = 0x100;
  static constexpr std::size_t kA = 'a', kLeafOfA = 'a' ^ 0x80, kB = 'a' ^ 0x80 ^ 'b', kLeafOfB = kB ^ 0x40;

  std::vector<std::uint32_t> units = std::vector<std::uint32_t>(256);
  std::string replacements = std::string("x\0yz\0", 5);

  SmallTrie() {
    units[kA] = 0x80 << 10 | kHasLeaf | 'a';  // the root's children lie at its own place, 0 ^ byte
    units[kLeafOfA] = kLeafBit | 0;
    units[kB] = 0x40 << 10 | kHasLeaf | 'b';
    units[kLeafOfB] = kLeafBit | 2;
  }
  std::string bytes() const { return charsmap_bytes(units, replacements); }
};

}  // namespace palimpsest::test
