#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace palimpsest {

/// The merges of a byte-pair encoding: which neighbouring tokens join, in which order of preference, into which token.
class PairMerges {
 public:
  struct Merge {
    std::int32_t rank, token;
  };

  /// Adds the merge of next rank; false where the pair has one already.
  bool add(std::int32_t left, std::int32_t right, std::int32_t merged);

  /// The merge of two neighbours, or nullptr.
  const Merge* find(std::int32_t left, std::int32_t right) const;

  /// Joins the tokens of one word: again and again all places of the pair of lowest rank, from the left, until no pair
  /// is left that has a merge. Time O(n log n) in the tokens of the word.
  /// Source: transformers tokenization_clip.py `CLIPTokenizer.bpe`.
  void apply(std::vector<std::int32_t>& word) const;

 private:
  static std::uint64_t key(std::int32_t left, std::int32_t right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
  }

  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace palimpsest
