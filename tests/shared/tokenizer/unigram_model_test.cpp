#include "shared/tokenizer/unigram_model.h"

#include <doctest/doctest.h>

#include <limits>

#include "tests/shared/tokenizer/refusal.h"
#include "tests/shared/tokenizer/spiece_writer.h"

using namespace palimpsest;
using namespace palimpsest::test;

namespace {

void refused_model(const std::string& part, const std::string& bytes) {
  check_refused("TOKENIZER_INVALID", part, [&] { read_spiece_model(bytes, 100); });
}

const std::string kPrecompiled = R"("normalizer":{"type":"Precompiled","precompiled_charsmap":""},)";
const std::string kMetaspace = R"("pre_tokenizer":{"type":"Metaspace","replacement":"▁","add_prefix_space":true},)";
const std::string kAdded =
    R"("added_tokens":[{"id":0,"content":"<pad>"},{"id":1,"content":"</s>"},{"id":2,"content":"<unk>"}],)";
const std::string kModel =
    R"("model":{"type":"Unigram","unk_id":2,"vocab":[["<pad>",0],["</s>",0],["<unk>",0],["▁a",-2.5]]})";

void refused_json(const std::string& part, const std::string& members) {
  check_refused("TOKENIZER_INVALID", part, [&] { read_unigram_tokenizer_json("{" + members + "}"); });
}

}  // namespace

TEST_CASE("a small spiece.model is read") {
  const UnigramModel model = read_spiece_model(
      first_pieces() + piece_field("▁a", -2.5F, kNormal) + piece_field("b", 0, kUserDefined) + trainer_spec() +
          bytes_field(3, varint_field(3, 0) + varint_field(4, 0) + varint_field(5, 0)) + bytes_field(99, "ignored"),
      2);
  REQUIRE(model.pieces.size() == 5);
  CHECK(model.pieces[3].text == "▁a");
  CHECK(model.pieces[3].score == -2.5F);
  CHECK(model.pieces[4].kind == UnigramModel::PieceKind::user_defined);
  CHECK(model.unknown_id == 2);
  CHECK(model.vocab_size == 7);
  CHECK(model.special_id("<extra_id_0>") == 6);  // the extra ids descend
  CHECK(model.special_id("<extra_id_1>") == 5);
  CHECK_FALSE(model.add_dummy_prefix);
  CHECK_FALSE(model.remove_extra_whitespaces);
  CHECK_FALSE(model.escape_whitespaces);
}

TEST_CASE("what a spiece.model leaves out has the defaults of its format") {
  const UnigramModel model = read_spiece_model(first_pieces() + bytes_field(1, bytes_field(1, "x")), 0);
  CHECK(model.pieces[3].kind == UnigramModel::PieceKind::normal);
  CHECK(model.pieces[3].score == 0);
  CHECK(model.add_dummy_prefix);
  CHECK(model.remove_extra_whitespaces);
  CHECK(model.escape_whitespaces);
}

TEST_CASE("hostile protobuf is refused") {
  refused_model("the message ends within a number", "\x80");
  refused_model("more than 64 bits", std::string(11, '\xFF'));
  refused_model("a field of 5 bytes where only 1 are left", std::string("\x0A\x05x"));
  refused_model("a field of 18446744073709551615 bytes", "\x0A" + varint(~std::uint64_t{0}) + "x");
  refused_model("a field has number 0", std::string("\0\0", 2));
  refused_model("unknown wire type 3", std::string("\x0B"));
  refused_model("a field of 4 bytes where only 1 are left", bytes_field(1, std::string("\x15\x01")));
  refused_model("field 1 has wire type 0, not 2", varint_field(1, 5));
  refused_model("field 2 has wire type 0, not 5", bytes_field(1, varint_field(2, 5)));
}

TEST_CASE("hostile pieces are refused by number") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  refused_model("piece 3 has 0 bytes", first_pieces() + piece_field("", -1, kNormal));
  refused_model("piece 3 has 513 bytes", first_pieces() + piece_field(std::string(513, 'a'), -1, kNormal));
  refused_model("piece 3 is not valid UTF-8", first_pieces() + piece_field("\xC0\x80", -1, kNormal));
  refused_model("piece 3 'a' has a score that is not", first_pieces() + piece_field("a", nan, kNormal));
  refused_model("piece 3 'a' has a score that is not", first_pieces() + piece_field("a", -infinity, kNormal));
  refused_model("piece 3: has unknown type 7", first_pieces() + piece_field("a", -1, 7));
  refused_model("piece 3: has unknown type 18446744073709551615",
                first_pieces() + piece_field("a", -1, ~std::uint64_t{0}));
  refused_model("piece 3: is a byte piece", first_pieces() + piece_field("<0x-1>", -1, kByte));
  refused_model("piece 3 is a second unknown piece, after piece 2", first_pieces() + piece_field("u", -1, kUnknown));
  refused_model("piece 'a' is defined twice",
                first_pieces() + piece_field("a", -1, kNormal) + piece_field("a", -2, kUserDefined));
  refused_model("piece '</s>' is defined twice", first_pieces() + piece_field("</s>", -1, kControl));
}

TEST_CASE("a spiece.model without what T5 needs is refused") {
  refused_model("there is no unknown piece", "");
  refused_model("'</s>' is not among them", piece_field("<pad>", 0, kControl) + piece_field("<unk>", 0, kUnknown));
  refused_model("'<pad>' is not among them", piece_field("</s>", 0, kControl) + piece_field("<unk>", 0, kUnknown));
  refused_model("model type 2 is not unigram", first_pieces() + bytes_field(2, varint_field(3, 2)));
  refused_model("byte fallback", first_pieces() + bytes_field(2, varint_field(35, 1)));
  refused_model("white space as suffix", first_pieces() + bytes_field(2, varint_field(24, 1)));
  refused_model("precompiled_charsmap", first_pieces() + bytes_field(3, bytes_field(2, "abc")));
  check_refused("invalid_value", "-1 extra ids", [] { read_spiece_model(first_pieces(), -1); });
}

TEST_CASE("a million pieces are the most") {
  std::string bytes = first_pieces();
  for (int i = 3; i < 1'000'001; ++i) bytes += bytes_field(1, bytes_field(1, "a"));
  refused_model("piece 1000000 is one too many", bytes);
}

TEST_CASE("a small tokenizer.json is read") {
  const UnigramModel model = read_unigram_tokenizer_json("{" + kAdded + kPrecompiled + kMetaspace + kModel + "}");
  REQUIRE(model.pieces.size() == 4);
  CHECK(model.pieces[1].kind == UnigramModel::PieceKind::control);
  CHECK(model.pieces[2].kind == UnigramModel::PieceKind::unknown);
  CHECK(model.pieces[3].score == -2.5F);
  CHECK(model.vocab_size == 4);
  CHECK(model.add_dummy_prefix);
}

TEST_CASE("hostile tokenizer.json of T5 is refused in words that name the place") {
  refused_json("there is no 'model'", kAdded + R"("a":1)");
  refused_json("there is no array 'added_tokens'", kModel);
  refused_json("'type' is not \"Unigram\"", kAdded + R"("model":{"type":"BPE"})");
  refused_json("no integer 'unk_id'", kAdded + R"("model":{"type":"Unigram","vocab":[]})");
  refused_json("no array 'vocab'", kAdded + R"("model":{"type":"Unigram","unk_id":2})");
  refused_json("byte fallback", kAdded + R"("model":{"type":"Unigram","unk_id":2,"byte_fallback":true})");
  refused_json("'byte_fallback' is not true or false", kAdded + R"("model":{"type":"Unigram","byte_fallback":1})");
  refused_json("model.vocab[0]: not a pair", kAdded + R"("model":{"type":"Unigram","unk_id":2,"vocab":[["a"]]})");
  refused_json("model.vocab[0]: the score is out",
               kAdded + R"("model":{"type":"Unigram","unk_id":2,"vocab":[["a",1e300]]})");
  refused_json("has the id of piece 'a'", kAdded + R"("model":{"type":"Unigram","unk_id":2,"vocab":[["a",0]]})");
  const std::string added_extra = kAdded.substr(0, kAdded.size() - 2);
  refused_json("is not an integer", added_extra + R"(,{"id":-1,"content":"x"}],)" + kModel);
  refused_json("id 9 is above the 5 tokens", added_extra + R"(,{"id":9,"content":"x"}],)" + kModel);
  refused_json("id 4 is given to two tokens",
               added_extra + R"(,{"id":4,"content":"x"},{"id":4,"content":"y"}],)" + kModel);
  refused_json("special token '<pad>' is defined twice",
               added_extra + R"(,{"id":0,"content":"<pad>"}],)" + kMetaspace + kModel);
  refused_json("a token is empty", added_extra + R"(,{"id":4,"content":""}],)" + kModel);
  refused_json(
      "there is no unknown piece",
      kAdded + kMetaspace + R"("model":{"type":"Unigram","unk_id":7,"vocab":[["<pad>",0],["</s>",0],["<unk>",0]]})");
  refused_json("there is no Metaspace", kAdded + kModel);
  refused_json("normalizer: type 'BertNormalizer'", kAdded + R"("normalizer":{"type":"BertNormalizer"},)" + kModel);
  refused_json("pre_tokenizer: type 'ByteLevel'", kAdded + R"("pre_tokenizer":{"type":"ByteLevel"},)" + kModel);
  refused_json("no array 'pretokenizers'", kAdded + R"("pre_tokenizer":{"type":"Sequence"},)" + kModel);
  refused_json("'replacement' is not U+2581",
               kAdded + R"("pre_tokenizer":{"type":"Metaspace","replacement":"_"},)" + kModel);
  refused_json("'prepend_scheme' is 'first'",
               kAdded + R"("pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"},)" + kModel);
  const std::string precompiled = R"("normalizer":{"type":"Precompiled","precompiled_charsmap":)";
  refused_json("not a multiple of 4", kAdded + precompiled + R"("abc"},)" + kModel);
  refused_json("not base64", kAdded + precompiled + R"("ab*c"},)" + kModel);
  refused_json("not base64", kAdded + precompiled + R"("a==="},)" + kModel);
  refused_json("precompiled_charsmap: shorter", kAdded + precompiled + R"("AAA="},)" + kModel);
}
