#include "shared/tokenizer/t5_unigram.h"

#include <algorithm>
#include <cfloat>
#include <string>
#include <utility>

#include "shared/base/error.h"

namespace palimpsest {

namespace {

using PieceKind = UnigramModel::PieceKind;

PieceTrie trie_of(const UnigramModel& model, std::initializer_list<PieceKind> kinds) {
  std::vector<PieceTrie::Entry> entries;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const UnigramModel::Piece& piece = model.pieces[id];
    if (std::find(kinds.begin(), kinds.end(), piece.kind) == kinds.end()) continue;
    entries.emplace_back(piece.text, static_cast<std::int32_t>(id));
  }
  return PieceTrie(std::move(entries));
}

// Bytes of the character that a byte begins, by its high bits alone.
std::size_t character_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

T5UnigramTokenizer T5UnigramTokenizer::from_spiece_model(std::string_view bytes, int extra_ids) {
  return T5UnigramTokenizer(read_spiece_model(bytes, extra_ids));
}

T5UnigramTokenizer T5UnigramTokenizer::from_tokenizer_json(std::string_view text) {
  return T5UnigramTokenizer(read_unigram_tokenizer_json(text));
}

T5UnigramTokenizer::T5UnigramTokenizer(UnigramModel model)
    : found_(trie_of(model, {PieceKind::normal, PieceKind::user_defined})),
      specials_({model.specials.begin(), model.specials.end()}),
      normalizer_(model, trie_of(model, {PieceKind::user_defined})),
      vocab_size_(model.vocab_size),
      pad_id_(model.special_id(kT5Padding)),
      eos_id_(model.special_id(kT5End)),
      unknown_id_(model.unknown_id) {
  // The library starts its maximum from the least positive float, so negative scores leave it there.
  float min_score = FLT_MAX;
  max_score_ = FLT_MIN;
  for (const UnigramModel::Piece& piece : model.pieces) {
    pieces_.push_back({piece.score, piece.kind == PieceKind::user_defined});
    if (piece.kind != PieceKind::normal) continue;
    min_score = std::min(min_score, piece.score);
    max_score_ = std::max(max_score_, piece.score);
  }
  constexpr float kUnknownPenalty = 10;
  unknown_score_ = min_score - kUnknownPenalty;
}

std::vector<std::int32_t> T5UnigramTokenizer::encode_plain(std::string_view text) const {
  std::vector<std::int32_t> ids;
  append_plain(text, ids);
  return ids;
}

std::vector<std::int32_t> T5UnigramTokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t special_bytes = 0;
    std::int32_t special_id = 0;
    specials_.for_each_prefix(text.substr(at), [&](std::size_t length, std::int32_t id) {
      special_bytes = length;
      special_id = id;
    });
    if (special_bytes == 0) {
      ++at;
      continue;
    }
    append_plain(text.substr(begin, at - begin), ids);
    ids.push_back(special_id);
    begin = at += special_bytes;
  }
  append_plain(text.substr(begin), ids);
  return ids;
}

std::vector<std::int32_t> T5UnigramTokenizer::encode_padded(std::string_view text, int length) const {
  if (length < 1) {
    fail(codes::kInvalidValue, "[tokenizer] a T5 prompt of " + std::to_string(length) + " ids; at least 1 is needed");
  }
  const auto wanted = static_cast<std::size_t>(length);
  std::vector<std::int32_t> ids = encode(text);
  ids.resize(std::min(ids.size(), wanted - 1));
  if (ids.empty() || ids.back() != eos_id_) ids.push_back(eos_id_);
  ids.resize(wanted, pad_id_);
  return ids;
}

void T5UnigramTokenizer::append_plain(std::string_view text, std::vector<std::int32_t>& ids) const {
  const std::string normal = normalizer_.normalize(text);
  const std::vector<Path> paths = best_paths(normal);
  std::vector<std::int32_t> backwards;
  for (std::size_t end = normal.size(); end > 0; end = paths[end].begin) {
    const std::int32_t id = paths[end].id;
    const bool goes_on = id == unknown_id_ && !backwards.empty() && backwards.back() == unknown_id_;
    if (!goes_on) backwards.push_back(id);
  }
  ids.insert(ids.end(), backwards.rbegin(), backwards.rend());
}

std::vector<T5UnigramTokenizer::Path> T5UnigramTokenizer::best_paths(std::string_view normal) const {
  std::vector<Path> paths(normal.size() + 1);
  for (std::size_t at = 0; at < normal.size();) {
    extend_paths(normal, at, paths);
    at += std::min(character_bytes(normal[at]), normal.size() - at);
  }
  return paths;
}

void T5UnigramTokenizer::extend_paths(std::string_view normal, std::size_t at, std::vector<Path>& paths) const {
  const float score_here = paths[at].score;
  const std::string_view rest = normal.substr(at);
  const std::size_t one_character = std::min(character_bytes(rest[0]), rest.size());
  // The candidate's score is a double that is compared with a float and stored as one: ties depend on that.
  const auto offer = [&](std::size_t length, std::int32_t id, double score) {
    Path& path = paths[at + length];
    if (path.id != kNoPath && !(score > path.score)) return;
    path = {static_cast<float>(score), id, at};
  };
  bool has_one_character = false;
  found_.for_each_prefix(rest, [&](std::size_t length, std::int32_t id) {
    const FoundPiece& piece = pieces_[static_cast<std::size_t>(id)];
    const double score = piece.user_defined ? static_cast<float>(length) * max_score_ - 0.1 : piece.score;
    offer(length, id, score + score_here);
    has_one_character |= length == one_character;
  });
  if (!has_one_character) offer(one_character, unknown_id_, unknown_score_ + score_here);
}

}  // namespace palimpsest
