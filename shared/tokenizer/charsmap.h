#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest {

/// The precompiled normalisation map of a SentencePiece model: a double-array trie from byte strings to replacements.
/// Layout of the bytes: u32 size of the trie, the trie (little-endian u32 units), the replacements, each ended by NUL.
/// Source: SentencePiece normalizer.cc `Normalizer::DecodePrecompiledCharsMap`; units as in darts-clone's
/// `DoubleArrayUnit`.
class Charsmap {
 public:
  /// A rule that fits the front of a text.
  struct Match {
    std::size_t size_bytes = 0;         ///< bytes of the text that the rule replaces; 0: no rule fits
    std::string_view replacement = {};  ///< valid as long as the map
  };

  /// No rules.
  Charsmap() = default;

  /// Reads and checks a whole map; an empty one has no rules. Every unit's links must stay inside of the trie and every
  /// value inside of the replacements, so that lookups need no checks.
  /// Errors: TOKENIZER_INVALID for sizes that do not add up, links or values out of bounds, replacements that are not
  /// UTF-8, are cut by the end or are longer than 256 bytes.
  explicit Charsmap(std::string_view precompiled);

  /// The longest rule that `text` begins with, among rules of at most 256 bytes.
  Match longest_match(std::string_view text) const;

 private:
  void check_units() const;
  void check_replacements() const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace palimpsest
