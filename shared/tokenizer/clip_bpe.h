#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/tokenizer/clip_vocabulary.h"

namespace palimpsest {

struct ClipBpeOptions {
  int max_length = 77;                  ///< ids of encode_padded(): at least 2, for begin and end
  std::string bos = "<|startoftext|>";  ///< begins every prompt
  std::string eos = "<|endoftext|>";    ///< ends it
  std::string pad = "<|endoftext|>";    ///< fills it up; also what a byte without a token becomes
};

/// The tokenizer of CLIP's text tower: lower case, byte-level BPE, words ended by `</w>`.
///
/// A prompt is cut at the strings of the special tokens; what is between is brought to normal form C, its white space
/// collapsed and trimmed, lower-cased, split by CLIP's pattern and joined word by word. Malformed UTF-8 becomes U+FFFD
/// byte by byte. Time O(n log n) in the bytes of the prompt, also for one word of a megabyte. Safe to share: encoding
/// changes nothing.
/// Source: transformers tokenization_clip.py `CLIPTokenizer`, with NFC in the place of ftfy.
class ClipBpeTokenizer {
 public:
  /// Reads `vocab.json` and `merges.txt`. Errors: TOKENIZER_INVALID, as read_clip_vocabulary(), or a special token of
  /// the options that the vocabulary lacks; `invalid_value` for max_length below 2.
  static ClipBpeTokenizer from_files(std::string_view vocab_json, std::string_view merges_text,
                                     ClipBpeOptions options = {});
  /// Reads `tokenizer.json`. Errors: as from_files().
  static ClipBpeTokenizer from_tokenizer_json(std::string_view tokenizer_json, ClipBpeOptions options = {});

  /// Ids of the text alone, without begin, end and padding; as many as there are.
  std::vector<std::int32_t> encode(std::string_view text) const;

  /// Exactly max_length ids: begin, the first max_length - 2 ids of the text, end, padding.
  std::vector<std::int32_t> encode_padded(std::string_view text) const;

  /// Rows that the embedding table must have.
  std::int32_t vocab_size() const { return static_cast<std::int32_t>(vocabulary_.ids.size()); }
  std::int32_t bos_id() const { return bos_.id; }
  std::int32_t eos_id() const { return eos_.id; }
  std::int32_t pad_id() const { return pad_id_; }

 private:
  struct SpecialToken {
    std::string text;
    std::int32_t id;
  };

  ClipBpeTokenizer(ClipVocabulary vocabulary, const ClipBpeOptions& options);

  SpecialToken special_token(const std::string& text) const;
  /// The special token that a text (of bytes or of code points) begins with, or nullptr.
  template <typename Character>
  const SpecialToken* special_token_at(std::basic_string_view<Character> text) const;
  void encode_between_specials(std::string_view text, std::vector<std::int32_t>& ids) const;
  void encode_word(std::u32string_view word, std::vector<std::int32_t>& ids) const;

  ClipVocabulary vocabulary_;
  int max_length_;
  SpecialToken bos_, eos_;
  std::int32_t pad_id_;
  std::array<std::int32_t, 256> byte_ids_, last_byte_ids_;  // a byte's token within a word and at its end
};

}  // namespace palimpsest
