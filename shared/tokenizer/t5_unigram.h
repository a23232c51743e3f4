#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shared/tokenizer/piece_trie.h"
#include "shared/tokenizer/unigram_model.h"
#include "shared/tokenizer/unigram_normalizer.h"

namespace palimpsest {

/// The tokenizer of T5's text encoder: a SentencePiece unigram model with T5's special tokens around it.
///
/// Time linear in the bytes of the text (each position looks at pieces of at most 512 bytes). Safe to share: encoding
/// changes nothing.
/// Source: SentencePiece unigram_model.cc `Model::EncodeOptimized` and transformers tokenization_t5.py `T5Tokenizer`.
class T5UnigramTokenizer {
 public:
  /// T5's own number of `<extra_id_n>` tokens above the pieces.
  static constexpr int kExtraIds = 100;

  /// Reads the bytes of `spiece.model`. Errors: as read_spiece_model().
  static T5UnigramTokenizer from_spiece_model(std::string_view bytes, int extra_ids = kExtraIds);
  /// Reads `tokenizer.json`. Errors: as read_unigram_tokenizer_json().
  static T5UnigramTokenizer from_tokenizer_json(std::string_view text);

  /// Ids as the SentencePiece library gives them: strings such as `</s>` are ordinary text, nothing is appended.
  std::vector<std::int32_t> encode_plain(std::string_view text) const;

  /// Ids with the strings of special tokens (`</s>`, `<pad>`, `<unk>`, `<extra_id_n>`) cut out beforehand and given
  /// their own ids; nothing is appended.
  std::vector<std::int32_t> encode(std::string_view text) const;

  /// Exactly `length` ids: encode(text), the end, padding. A text too long loses its last ids, never the end; one that
  /// has the end as its last id gets no second.
  /// Errors: `invalid_value` for a length below 1.
  std::vector<std::int32_t> encode_padded(std::string_view text, int length) const;

  /// Rows that the embedding table must have at least.
  std::int32_t vocab_size() const { return vocab_size_; }
  std::int32_t pad_id() const { return pad_id_; }
  std::int32_t eos_id() const { return eos_id_; }
  std::int32_t unknown_id() const { return unknown_id_; }

 private:
  /// A piece as it is found in text.
  struct FoundPiece {
    float score;
    bool user_defined;
  };
  /// The best way to cut the text before a position: its score and its last piece.
  struct Path {
    float score = 0;
    std::int32_t id = kNoPath;
    std::size_t begin = 0;
  };
  static constexpr std::int32_t kNoPath = -1;

  explicit T5UnigramTokenizer(UnigramModel model);

  void append_plain(std::string_view text, std::vector<std::int32_t>& ids) const;
  std::vector<Path> best_paths(std::string_view normal) const;
  void extend_paths(std::string_view normal, std::size_t at, std::vector<Path>& paths) const;

  std::vector<FoundPiece> pieces_;  // by id
  PieceTrie found_, specials_;
  UnigramNormalizer normalizer_;
  float unknown_score_, max_score_;
  std::int32_t vocab_size_, pad_id_, eos_id_, unknown_id_;
};

}  // namespace palimpsest
