#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/tokenizer/charsmap.h"

namespace palimpsest {

/// What the file of a SentencePiece unigram tokenizer says, checked.
struct UnigramModel {
  enum class PieceKind { normal, unknown, control, user_defined, unused };
  struct Piece {
    std::string text;
    float score;
    PieceKind kind;
  };
  /// A string that is cut out of a prompt before anything else, and its id.
  using Special = std::pair<std::string, std::int32_t>;

  std::vector<Piece> pieces;  ///< by id
  std::int32_t unknown_id = -1;
  std::vector<Special> specials;  ///< the end, padding and unknown strings and the extra ids
  std::int32_t vocab_size = 0;    ///< pieces and the special ids above them

  Charsmap charsmap;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;

  /// Adds a piece as the next id. Errors: TOKENIZER_INVALID for text that is empty, over 512 bytes or not UTF-8, a
  /// score that is not finite, a second unknown piece, a piece beyond 1,000,000.
  void add_piece(const std::string& part, Piece piece);
  /// Checks what only the whole shows. Errors: TOKENIZER_INVALID for a text defined twice, no unknown piece, no `</s>`
  /// or
  /// `<pad>` among the special tokens.
  void check_vocabulary(const std::string& part) const;
  /// Errors: TOKENIZER_INVALID where there is no such special token.
  std::int32_t special_id(std::string_view text) const;
};

/// The strings of T5's special tokens.
inline constexpr std::string_view kT5End = "</s>";
inline constexpr std::string_view kT5Padding = "<pad>";

/// Reads `spiece.model`, a serialised ModelProto (sentencepiece_model.proto). Above its pieces come `extra_ids` ids, in
/// descending order: `<extra_id_0>` is the last one.
/// Errors: TOKENIZER_INVALID naming the piece or field: malformed protobuf, a model that is not unigram or uses byte
/// fallback or white space as suffix, over 1,000,000 pieces, pieces that are empty, over 512 bytes, not UTF-8, of
/// unknown type, defined twice or with a score that is not finite, not exactly one unknown piece, no `</s>` or `<pad>`,
/// a bad character map. `invalid_value` for a negative number of extra ids.
UnigramModel read_spiece_model(std::string_view bytes, int extra_ids);

/// Reads `tokenizer.json` (model.type Unigram, Precompiled normaliser, Metaspace pre-tokenizer); the extra ids are
/// among its added tokens. Runs of white space always count as one. Errors: as above, and parts of other types than
/// these.
UnigramModel read_unigram_tokenizer_json(std::string_view text);

}  // namespace palimpsest
