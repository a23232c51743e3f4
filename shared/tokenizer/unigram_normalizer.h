#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "shared/tokenizer/charsmap.h"
#include "shared/tokenizer/piece_trie.h"

namespace palimpsest {

struct UnigramModel;

/// Brings text into the form that the pieces of a SentencePiece model are made of.
/// Source: SentencePiece normalizer.cc `Normalizer::Normalize`.
class UnigramNormalizer {
 public:
  /// `user_defined` holds the pieces that pass through unchanged; it may not refer to `model`.
  UnigramNormalizer(UnigramModel& model, PieceTrie user_defined);

  /// The text with the model's character map applied, extra spaces removed, a space before it and U+2581 for spaces,
  /// each as the model says. Malformed UTF-8 becomes U+FFFD, byte by byte. Time linear in the text.
  std::string normalize(std::string_view text) const;

 private:
  /// What the front of a text becomes, and how many bytes of it that takes.
  std::pair<std::string_view, std::size_t> normalize_front(std::string_view text) const;
  std::string_view without_leading_spaces(std::string_view text) const;
  void append(std::string& normal, std::string_view piece) const;

  Charsmap charsmap_;
  PieceTrie user_defined_;
  bool add_dummy_prefix_, remove_extra_whitespaces_;
  std::string_view space_;  // what a space is written as
};

}  // namespace palimpsest
