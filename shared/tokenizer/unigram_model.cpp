#include "shared/tokenizer/unigram_model.h"

#include <cmath>
#include <unordered_set>

#include "shared/base/utf8.h"
#include "shared/tokenizer/tokenizer_file.h"

namespace palimpsest {

void UnigramModel::add_piece(const std::string& part, Piece piece) {
  const auto id = static_cast<std::int32_t>(pieces.size());
  const auto refuse = [&](const std::string& problem) {
    refuse_tokenizer(part, "piece " + std::to_string(id) + " " + problem);
  };
  if (pieces.size() == kMaxVocabularyTokens) refuse("is one too many; at most 1000000 are allowed");
  if (piece.text.empty() || piece.text.size() > kMaxTokenBytes) {
    refuse("has " + std::to_string(piece.text.size()) + " bytes; from 1 to 512 are allowed");
  }
  if (first_invalid_utf8(piece.text) != piece.text.size()) refuse("is not valid UTF-8");
  if (!std::isfinite(piece.score)) refuse(quoted(piece.text) + " has a score that is not a finite number");
  if (piece.kind == PieceKind::unknown) {
    if (unknown_id >= 0) refuse("is a second unknown piece, after piece " + std::to_string(unknown_id));
    unknown_id = id;
  }
  pieces.push_back(std::move(piece));
}

void UnigramModel::check_vocabulary(const std::string& part) const {
  if (unknown_id < 0) refuse_tokenizer(part, "there is no unknown piece");
  // As in the library, a control piece may have the text of an ordinary one: only the latter is found in text.
  std::unordered_set<std::string_view> found_in_text, reserved;
  for (const Piece& piece : pieces) {
    const bool is_reserved = piece.kind == PieceKind::control || piece.kind == PieceKind::unknown;
    if (!(is_reserved ? reserved : found_in_text).insert(piece.text).second) {
      refuse_tokenizer(part, "piece " + quoted(piece.text) + " is defined twice");
    }
  }
  std::unordered_set<std::string_view> special_texts;
  for (const auto& [text, id] : specials) {
    if (!special_texts.insert(text).second)
      refuse_tokenizer(part, "special token " + quoted(text) + " is defined twice");
  }
  special_id(kT5End);
  special_id(kT5Padding);
}

std::int32_t UnigramModel::special_id(std::string_view text) const {
  for (const auto& [special, id] : specials) {
    if (special == text) return id;
  }
  refuse_tokenizer("special tokens", quoted(text) + " is not among them");
}

}  // namespace palimpsest
