#include <utility>

#include "shared/tokenizer/protobuf_reader.h"
#include "shared/tokenizer/tokenizer_file.h"
#include "shared/tokenizer/unigram_model.h"

namespace palimpsest {

namespace {

using Piece = UnigramModel::Piece;
using PieceKind = UnigramModel::PieceKind;

// Field and enum numbers of sentencepiece_model.proto.
namespace model_field {
enum : std::uint32_t { pieces = 1, trainer_spec = 2, normalizer_spec = 3 };
}
namespace piece_field {
enum : std::uint32_t { text = 1, score = 2, type = 3 };
}
namespace trainer_field {
enum : std::uint32_t { model_type = 3, treat_whitespace_as_suffix = 24, byte_fallback = 35 };
}
namespace normalizer_field {
enum : std::uint32_t { charsmap = 2, add_dummy_prefix = 3, remove_extra_whitespaces = 4, escape_whitespaces = 5 };
}
constexpr std::uint64_t kUnigramModelType = 1;

PieceKind piece_kind(const std::string& part, std::uint64_t type) {
  switch (type) {
    case 1:
      return PieceKind::normal;
    case 2:
      return PieceKind::unknown;
    case 3:
      return PieceKind::control;
    case 4:
      return PieceKind::user_defined;
    case 5:
      return PieceKind::unused;
    case 6:
      refuse_tokenizer(part, "is a byte piece; byte fallback is not supported");
    default:
      refuse_tokenizer(part, "has unknown type " + std::to_string(type));
  }
}

Piece read_piece(const std::string& part, std::string_view bytes) {
  Piece piece{.text = {}, .score = 0, .kind = PieceKind::normal};
  ProtobufReader reader(part, bytes);
  for (ProtobufField field; reader.next(field);) {
    switch (field.number()) {
      case piece_field::text:
        piece.text = field.as_bytes();
        break;
      case piece_field::score:
        piece.score = field.as_float();
        break;
      case piece_field::type:
        piece.kind = piece_kind(part, field.as_varint());
        break;
      default:
        break;
    }
  }
  return piece;
}

void read_trainer_spec(std::string_view bytes, std::uint64_t& model_type) {
  constexpr const char* kPart = "spiece.model trainer_spec";
  ProtobufReader reader(kPart, bytes);
  for (ProtobufField field; reader.next(field);) {
    switch (field.number()) {
      case trainer_field::model_type:
        model_type = field.as_varint();
        break;
      case trainer_field::treat_whitespace_as_suffix:
        if (field.as_bool()) refuse_tokenizer(kPart, "white space as suffix is not supported");
        break;
      case trainer_field::byte_fallback:
        if (field.as_bool()) refuse_tokenizer(kPart, "byte fallback is not supported");
        break;
      default:
        break;
    }
  }
}

void read_normalizer_spec(UnigramModel& model, std::string_view bytes) {
  ProtobufReader reader("spiece.model normalizer_spec", bytes);
  for (ProtobufField field; reader.next(field);) {
    switch (field.number()) {
      case normalizer_field::charsmap:
        model.charsmap = Charsmap(field.as_bytes());
        break;
      case normalizer_field::add_dummy_prefix:
        model.add_dummy_prefix = field.as_bool();
        break;
      case normalizer_field::remove_extra_whitespaces:
        model.remove_extra_whitespaces = field.as_bool();
        break;
      case normalizer_field::escape_whitespaces:
        model.escape_whitespaces = field.as_bool();
        break;
      default:
        break;
    }
  }
}

void read_model(UnigramModel& model, std::string_view bytes) {
  std::uint64_t model_type = kUnigramModelType;
  ProtobufReader reader("spiece.model", bytes);
  for (ProtobufField field; reader.next(field);) {
    switch (field.number()) {
      case model_field::pieces: {
        const std::string part = "spiece.model piece " + std::to_string(model.pieces.size());
        model.add_piece("spiece.model", read_piece(part, field.as_bytes()));
        break;
      }
      case model_field::trainer_spec:
        read_trainer_spec(field.as_bytes(), model_type);
        break;
      case model_field::normalizer_spec:
        read_normalizer_spec(model, field.as_bytes());
        break;
      default:
        break;
    }
  }
  if (model_type != kUnigramModelType) {
    refuse_tokenizer("spiece.model trainer_spec", "model type " + std::to_string(model_type) + " is not unigram (1)");
  }
}

void add_specials(UnigramModel& model, int extra_ids) {
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    const bool is_named = piece.kind == PieceKind::control && (piece.text == kT5End || piece.text == kT5Padding);
    if (is_named || piece.kind == PieceKind::unknown) {
      model.specials.emplace_back(piece.text, static_cast<std::int32_t>(id));
    }
  }
  model.vocab_size = static_cast<std::int32_t>(model.pieces.size()) + extra_ids;
  for (int n = 0; n < extra_ids; ++n) {
    model.specials.emplace_back("<extra_id_" + std::to_string(n) + ">", model.vocab_size - 1 - n);
  }
}

}  // namespace

UnigramModel read_spiece_model(std::string_view bytes, int extra_ids) {
  if (extra_ids < 0 || extra_ids > 1000) {
    fail(codes::kInvalidValue, "[tokenizer] " + std::to_string(extra_ids) + " extra ids; from 0 to 1000 are allowed");
  }
  if (bytes.size() > kMaxTokenizerFileBytes) refuse_tokenizer("spiece.model", "more than 64 MiB");
  UnigramModel model;
  read_model(model, bytes);
  add_specials(model, extra_ids);
  model.check_vocabulary("spiece.model");
  return model;
}

}  // namespace palimpsest
