#include <cfloat>
#include <cmath>
#include <set>
#include <utility>

#include "shared/tokenizer/tokenizer_file.h"
#include "shared/tokenizer/unigram_model.h"

namespace palimpsest {

namespace {

using Piece = UnigramModel::Piece;
using PieceKind = UnigramModel::PieceKind;

int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::string decode_base64(const std::string& part, std::string_view text) {
  if (text.size() % 4 != 0) refuse_tokenizer(part, "the length of the base64 text is not a multiple of 4");
  for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const int value = sextet(c);
    if (value < 0) refuse_tokenizer(part, "a character that is not base64");
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFF;
    bit_count += 6;
    if (bit_count >= 8) bytes.push_back(static_cast<char>(bits >> (bit_count -= 8) & 0xFF));
  }
  return bytes;
}

const std::string& string_member(const Json& object, const std::string& part, const char* name) {
  const Json* member = object.find(name);
  const std::string* text = member ? member->as_string() : nullptr;
  if (!text) refuse_tokenizer(part, std::string("there is no string '") + name + "'");
  return *text;
}

bool bool_member(const Json& object, const std::string& part, const char* name, bool value_if_absent) {
  const Json* member = object.find(name);
  if (!member) return value_if_absent;
  if (!member->as_bool()) refuse_tokenizer(part, std::string("'") + name + "' is not true or false");
  return *member->as_bool();
}

const Json::Array& array_member(const Json& object, const std::string& part, const char* name) {
  const Json* member = object.find(name);
  if (!member || !member->is_array()) refuse_tokenizer(part, std::string("there is no array '") + name + "'");
  return *member->as_array();
}

// Calls visit(step, type) for a part of the pipeline, or for each member of a Sequence of them.
template <typename Visit>
void for_each_step(const Json* step, const std::string& part, const char* sequence_name, Visit visit) {
  if (!step || step->is_null()) return;
  const std::string& type = string_member(*step, part, "type");
  if (type != "Sequence") return visit(*step, type);
  for (const Json& member : array_member(*step, part, sequence_name)) {
    for_each_step(&member, part, sequence_name, visit);
  }
}

void read_normalizer(UnigramModel& model, const Json* normalizer) {
  const std::string part = "tokenizer.json normalizer";
  for_each_step(normalizer, part, "normalizers", [&](const Json& step, const std::string& type) {
    if (type == "Precompiled") {
      model.charsmap = Charsmap(decode_base64(part, string_member(step, part, "precompiled_charsmap")));
    } else if (type != "Strip" && type != "Replace") {  // these two only remove extra spaces, which happens anyway
      refuse_tokenizer(part, "type " + quoted(type) + " is not supported");
    }
  });
}

void read_metaspace(UnigramModel& model, const std::string& part, const Json& metaspace) {
  if (string_member(metaspace, part, "replacement") != "\u2581") refuse_tokenizer(part, "'replacement' is not U+2581");
  model.add_dummy_prefix = bool_member(metaspace, part, "add_prefix_space", true);
  if (!metaspace.find("prepend_scheme")) return;
  const std::string& scheme = string_member(metaspace, part, "prepend_scheme");
  if (scheme != "always" && scheme != "never") {
    refuse_tokenizer(part, "'prepend_scheme' is " + quoted(scheme) + "; only always and never are supported");
  }
  model.add_dummy_prefix = scheme == "always";
}

void read_pre_tokenizer(UnigramModel& model, const Json* pre_tokenizer) {
  const std::string part = "tokenizer.json pre_tokenizer";
  bool has_metaspace = false;
  for_each_step(pre_tokenizer, part, "pretokenizers", [&](const Json& step, const std::string& type) {
    if (type == "Metaspace") {
      read_metaspace(model, part, step);
      has_metaspace = true;
    } else if (type != "WhitespaceSplit") {
      refuse_tokenizer(part, "type " + quoted(type) + " is not supported");
    }
  });
  if (!has_metaspace) refuse_tokenizer(part, "there is no Metaspace");
}

void read_added_tokens(UnigramModel& model, const Json& file) {
  const std::string part = "tokenizer.json added_tokens";
  for (const Json& added : array_member(file, part, "added_tokens")) {
    const std::string& content = string_member(added, part, "content");
    const Json* id_member = added.find("id");
    std::int64_t id = -1;
    if (content.empty() || content.size() > kMaxTokenBytes)
      refuse_tokenizer(part, "a token is empty or over 512 bytes");
    if (!id_member || !id_member->to_int64(id) || id < 0 || id >= static_cast<std::int64_t>(kMaxVocabularyTokens)) {
      refuse_tokenizer(part, "the id of token " + quoted(content) + " is not an integer from 0 to 999999");
    }
    model.specials.emplace_back(content, static_cast<std::int32_t>(id));
  }
}

Piece read_piece(const std::string& part, const Json& entry) {
  const Json::Array* pair = entry.as_array();
  double score = 0;
  if (!pair || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].to_double(score)) {
    refuse_tokenizer(part, "not a pair of piece and score");
  }
  if (std::abs(score) > FLT_MAX) refuse_tokenizer(part, "the score is out of the range of a float");
  return {.text = *(*pair)[0].as_string(), .score = static_cast<float>(score), .kind = PieceKind::normal};
}

void read_pieces(UnigramModel& model, const Json& json) {
  const std::string part = "tokenizer.json model";
  if (string_member(json, part, "type") != "Unigram") refuse_tokenizer(part, "'type' is not \"Unigram\"");
  if (bool_member(json, part, "byte_fallback", false)) refuse_tokenizer(part, "byte fallback is not supported");
  const Json* unk_member = json.find("unk_id");
  std::int64_t unk_id = -1;
  if (!unk_member || !unk_member->to_int64(unk_id)) refuse_tokenizer(part, "there is no integer 'unk_id'");

  // A special token is found by its string beforehand, never as a piece of ordinary text.
  std::set<std::string_view> special_texts;
  for (const auto& [text, id] : model.specials) special_texts.insert(text);
  for (const Json& entry : array_member(json, part, "vocab")) {
    Piece piece = read_piece("tokenizer.json model.vocab[" + std::to_string(model.pieces.size()) + "]", entry);
    if (static_cast<std::int64_t>(model.pieces.size()) == unk_id) {
      piece.kind = PieceKind::unknown;
    } else if (special_texts.count(piece.text) != 0) {
      piece.kind = PieceKind::control;
    }
    model.add_piece(part, std::move(piece));
  }
}

// An added token names a piece of the vocabulary or one of the ids right above it.
void check_special_ids(UnigramModel& model) {
  const std::string part = "tokenizer.json added_tokens";
  std::set<std::int32_t> above;
  const auto piece_count = static_cast<std::int32_t>(model.pieces.size());
  for (const auto& [text, id] : model.specials) {
    if (id >= piece_count && !above.insert(id).second)
      refuse_tokenizer(part, "id " + std::to_string(id) + " is given to two tokens");
    if (id < piece_count && model.pieces[static_cast<std::size_t>(id)].text != text) {
      refuse_tokenizer(part, "token " + quoted(text) + " has the id of piece " +
                                 quoted(model.pieces[static_cast<std::size_t>(id)].text));
    }
  }
  model.vocab_size = piece_count + static_cast<std::int32_t>(above.size());
  if (!above.empty() && *above.rbegin() >= model.vocab_size) {
    refuse_tokenizer(part, "id " + std::to_string(*above.rbegin()) + " is above the " +
                               std::to_string(model.vocab_size) + " tokens");
  }
}

}  // namespace

UnigramModel read_unigram_tokenizer_json(std::string_view text) {
  const Json file = parse_tokenizer_json("tokenizer.json", text);
  const Json* json = file.find("model");
  if (!json) refuse_tokenizer("tokenizer.json", "there is no 'model'");
  UnigramModel model;
  read_added_tokens(model, file);
  read_pieces(model, *json);
  check_special_ids(model);
  read_normalizer(model, file.find("normalizer"));
  read_pre_tokenizer(model, file.find("pre_tokenizer"));
  model.check_vocabulary("tokenizer.json");
  return model;
}

}  // namespace palimpsest
