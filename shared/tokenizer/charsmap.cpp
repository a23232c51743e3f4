#include "shared/tokenizer/charsmap.h"

#include <algorithm>

#include "shared/base/utf8.h"
#include "shared/tokenizer/tokenizer_file.h"

namespace palimpsest {

namespace {

constexpr const char* kPart = "precompiled_charsmap";
constexpr std::size_t kMaxRuleBytes = 256, kMaxReplacementBytes = 256;
constexpr std::size_t kUnitBytes = 4;

std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kUnitBytes; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << 8 * i;
  return value;
}

// One unit is a leaf that holds a value, or a node: the byte that leads to it, where its children lie, whether one of
// them is a leaf.
bool is_leaf(std::uint32_t unit) {
  return unit >> 31 != 0;
}
std::uint32_t value_of(std::uint32_t unit) {
  return unit & 0x7FFFFFFF;
}
bool has_leaf(std::uint32_t unit) {
  return (unit >> 8 & 1) != 0;
}
std::uint32_t offset_of(std::uint32_t unit) {
  return unit >> 10 << ((unit & 0x200) >> 6);
}
// The leaf bit takes part, so that a leaf is no byte's node.
std::uint32_t label_of(std::uint32_t unit) {
  return unit & 0x800000FF;
}

}  // namespace

Charsmap::Charsmap(std::string_view precompiled) {
  if (precompiled.empty()) return;
  if (precompiled.size() < kUnitBytes) refuse_tokenizer(kPart, "shorter than the size of its trie");
  const std::size_t trie_bytes = read_u32(precompiled);
  precompiled.remove_prefix(kUnitBytes);
  if (trie_bytes == 0 || trie_bytes % kUnitBytes != 0 || trie_bytes >= precompiled.size()) {
    refuse_tokenizer(kPart, "a trie of " + std::to_string(trie_bytes) + " bytes in a map of " +
                                std::to_string(precompiled.size()) + " after its size field");
  }
  units_.reserve(trie_bytes / kUnitBytes);
  for (std::size_t at = 0; at < trie_bytes; at += kUnitBytes) units_.push_back(read_u32(precompiled.substr(at)));
  replacements_ = precompiled.substr(trie_bytes);
  check_replacements();
  check_units();
}

void Charsmap::check_replacements() const {
  if (replacements_.back() != '\0') refuse_tokenizer(kPart, "the last replacement is not ended by NUL");
  if (first_invalid_utf8(replacements_) != replacements_.size())
    refuse_tokenizer(kPart, "a replacement is not valid UTF-8");
  // A long replacement would let a short prompt grow beyond all memory.
  for (std::size_t begin = 0; begin < replacements_.size();) {
    const std::size_t end = replacements_.find('\0', begin);
    if (end - begin > kMaxReplacementBytes) {
      refuse_tokenizer(kPart, "a replacement of " + std::to_string(end - begin) + " bytes; at most 256 are allowed");
    }
    begin = end + 1;
  }
}

void Charsmap::check_units() const {
  if (is_leaf(units_[0])) refuse_tokenizer(kPart, "the root of the trie is a leaf");
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (is_leaf(units_[i])) continue;
    const auto refuse = [&](const char* problem) {
      refuse_tokenizer(kPart, "unit " + std::to_string(i) + " of the trie " + problem);
    };
    const std::size_t children = i ^ offset_of(units_[i]);
    // A child lies at children ^ byte, anywhere in the block of 256 units around.
    if ((children | 0xFF) >= units_.size()) refuse("links out of its bounds");
    if (!has_leaf(units_[i])) continue;
    const std::size_t value = value_of(units_[children]);
    if (!is_leaf(units_[children])) refuse("has no value where its leaf should be");
    if (value >= replacements_.size()) refuse("has a value outside of the replacements");
    const bool inside_character = (static_cast<unsigned char>(replacements_[value]) & 0xC0) == 0x80;
    if (inside_character) refuse("has a value inside of a character");
  }
}

Charsmap::Match Charsmap::longest_match(std::string_view text) const {
  if (units_.empty()) return {};
  Match match;
  std::size_t node = offset_of(units_[0]);
  const std::size_t limit = std::min(text.size(), kMaxRuleBytes);
  for (std::size_t i = 0; i < limit; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    node ^= byte;
    const std::uint32_t unit = units_[node];
    if (label_of(unit) != byte) break;
    node ^= offset_of(unit);
    if (has_leaf(unit)) match = {i + 1, replacements_.c_str() + value_of(units_[node])};
  }
  return match;
}

}  // namespace palimpsest
