#include "shared/tokenizer/t5_unigram.h"

#include <doctest/doctest.h>

#include "tests/shared/tokenizer/charsmap_writer.h"
#include "tests/shared/tokenizer/refusal.h"
#include "tests/shared/tokenizer/spiece_writer.h"
#include "tests/shared/tokenizer/test_files.h"

using namespace palimpsest;
using namespace palimpsest::test;

namespace {

using Ids = std::vector<std::int32_t>;

const std::string& golden_model() {
  static const std::string bytes = read_golden("t5_tokenizer/spiece.model");
  return bytes;
}

const T5UnigramTokenizer& golden_tokenizer() {
  static const T5UnigramTokenizer tokenizer = T5UnigramTokenizer::from_spiece_model(golden_model());
  return tokenizer;
}

std::string base64(std::string_view bytes) {
  constexpr const char* kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text.push_back(i + k > bytes.size() ? '=' : kAlphabet[group >> (18 - 6 * k) & 63]);
  }
  return text;
}

Json added_token(const std::string& content, int id) {
  return Json().set("id", id).set("content", content).set("special", true);
}

// The golden model as a tokenizer.json, with the extra ids at the end of the vocabulary as T5's file has them.
std::string golden_tokenizer_json() {
  const Json pieces = parse(read_golden("t5_tokenizer/pieces.json"));
  Json::Array vocab = *pieces.as_array();
  Json::Array added = {added_token("<pad>", 0), added_token("</s>", 1), added_token("<unk>", 2)};
  for (int n = T5UnigramTokenizer::kExtraIds - 1; n >= 0; --n) {
    const std::string content = "<extra_id_" + std::to_string(n) + ">";
    added.push_back(added_token(content, static_cast<int>(vocab.size())));
    vocab.push_back(Json::Array{content, 0.0});
  }
  const std::string_view map = payload(payload(golden_model(), 3), 2);
  Json precompiled, strip, normalizer, split, metaspace, pre_tokenizer, model, file;
  precompiled.set("type", "Precompiled").set("precompiled_charsmap", base64(map));
  strip.set("type", "Strip").set("strip_left", false).set("strip_right", true);
  normalizer.set("type", "Sequence").set("normalizers", Json::Array{precompiled, strip});
  split.set("type", "WhitespaceSplit");
  metaspace.set("type", "Metaspace").set("replacement", "▁").set("prepend_scheme", "always");
  pre_tokenizer.set("type", "Sequence").set("pretokenizers", Json::Array{split, metaspace});
  model.set("type", "Unigram").set("unk_id", 2).set("vocab", std::move(vocab));
  file.set("added_tokens", std::move(added)).set("normalizer", normalizer).set("pre_tokenizer", pre_tokenizer);
  file.set("model", std::move(model));
  return file.dump();
}

void check_golden(const T5UnigramTokenizer& tokenizer) {
  const Json golden = parse(read_golden("t5_tokenizer/cases.json"));
  const Json::Array& cases = *golden.find("cases")->as_array();
  CHECK(cases.size() == 41);
  for (const Json& entry : cases) {
    const std::string& text = *entry.find("text")->as_string();
    CAPTURE(text);
    const Ids plain = ids_of(*entry.find("spm_ids")), padded = ids_of(*entry.find("hf_padded64"));
    const Ids got_plain = tokenizer.encode_plain(text), got_padded = tokenizer.encode_padded(text, 64);
    CHECK_MESSAGE(got_plain == plain, "got " << joined(got_plain) << "want " << joined(plain));
    CHECK_MESSAGE(got_padded == padded, "got " << joined(got_padded) << "want " << joined(padded));
  }
}

T5UnigramTokenizer small_tokenizer(const std::string& pieces, const std::string& normalizer = {}) {
  return T5UnigramTokenizer::from_spiece_model(first_pieces() + pieces + trainer_spec() + bytes_field(3, normalizer),
                                               4);
}

}  // namespace

TEST_CASE("T5 ids are those of the SentencePiece library and of the reference tokenizer") {
  check_golden(golden_tokenizer());
}

TEST_CASE("tokenizer.json gives the same T5 ids as spiece.model") {
  check_golden(T5UnigramTokenizer::from_tokenizer_json(golden_tokenizer_json()));
}

TEST_CASE("a T5 tokenizer knows its special ids and the size of its vocabulary") {
  for (const T5UnigramTokenizer& tokenizer :
       {golden_tokenizer(), T5UnigramTokenizer::from_tokenizer_json(golden_tokenizer_json())}) {
    CHECK(tokenizer.pad_id() == 0);
    CHECK(tokenizer.eos_id() == 1);
    CHECK(tokenizer.unknown_id() == 2);
    CHECK(tokenizer.vocab_size() == 363);
  }
}

TEST_CASE("a T5 prompt too long keeps its end, one that has an end gets no second") {
  const T5UnigramTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode_padded("a a a a a a", 4) == Ids{5, 5, 5, 1});
  CHECK(tokenizer.encode_padded("a", 1) == Ids{1});
  CHECK(tokenizer.encode_padded("a</s>", 4) == Ids{5, 1, 0, 0});
  CHECK(tokenizer.encode_padded("a</s>", 2) == Ids{5, 1});
  check_refused("invalid_value", "at least 1", [&] { tokenizer.encode_padded("a", 0); });
}

TEST_CASE("extra ids descend from the top, and only those that exist are special") {
  const T5UnigramTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode("<extra_id_0><extra_id_99>") == Ids{362, 263});
  for (const char* text : {"<extra_id_100>", "<extra_id_00>", "<extra_id_>", "<extra_id_-1>", "<extra_id_1", "</S>"}) {
    CHECK(tokenizer.encode(text) == tokenizer.encode_plain(text));
  }
}

TEST_CASE("each part between special strings begins like a text of its own") {
  const T5UnigramTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode("a</s>a  </s>  a") == Ids{5, 1, 5, 1, 5});
}

TEST_CASE("extra spaces and compatibility forms do not change T5 ids") {
  const T5UnigramTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode("  a \t\n photo\u3000of ") == tokenizer.encode("a photo of"));
  CHECK(tokenizer.encode("\uFF41 \uFF50hoto") == tokenizer.encode("a photo"));
  CHECK(tokenizer.encode("\u200B\u0001").empty());
}

// The replacement takes no part in the character map, which would make a space of it.
TEST_CASE("malformed UTF-8 in a T5 prompt reads as an unknown character") {
  const T5UnigramTokenizer& tokenizer = golden_tokenizer();
  const std::string unknown = "\u4E2D";
  CHECK(tokenizer.encode("a\xFFz") == tokenizer.encode("a" + unknown + "z"));
  CHECK(tokenizer.encode("\xE4\xB8") == tokenizer.encode(unknown));  // two errors in a row: still one id
  CHECK(tokenizer.encode("a\uFFFDz") == tokenizer.encode("a z"));
}

TEST_CASE("adjacent unknown characters are one id, with the score of the least likely piece less ten each") {
  const auto tokenizer =
      small_tokenizer(piece_field("▁", -1, kNormal) + piece_field("a", -2, kNormal) + piece_field("xyz", -24, kNormal));
  CHECK(tokenizer.encode_plain("qqaqq") == Ids{3, 2, 4, 2});
  // One unknown costs 34, so a known piece of three characters wins over three of them.
  CHECK(tokenizer.encode_plain("xyz") == Ids{3, 5});
}

TEST_CASE("a user-defined piece wins over its parts and is not normalised") {
  const std::string map = SmallTrie().bytes();  // a becomes x, ab becomes yz
  const std::string parts = piece_field("▁", -1, kNormal) + piece_field("x", -1, kNormal) +
                            piece_field("yz", -1, kNormal) + piece_field("c", -1, kNormal);
  CHECK(small_tokenizer(parts, bytes_field(2, map)).encode_plain("abca") == Ids{3, 5, 6, 4});
  CHECK(small_tokenizer(parts + piece_field("abc", -90, kUserDefined), bytes_field(2, map)).encode_plain("abca") ==
        Ids{3, 7, 4});
}

TEST_CASE("an unused piece is never chosen") {
  const std::string parts = piece_field("▁", -1, kNormal) + piece_field("a", -9, kNormal);
  CHECK(small_tokenizer(parts + piece_field("▁a", -1, kNormal)).encode_plain("a") == Ids{5});
  CHECK(small_tokenizer(parts + piece_field("▁a", -1, kUnused)).encode_plain("a") == Ids{3, 4});
}

TEST_CASE("the model decides about the prefix, extra spaces and escapes") {
  const std::string pieces =
      piece_field("▁", -1, kNormal) + piece_field("a", -1, kNormal) + piece_field(" ", -1, kNormal);
  CHECK(small_tokenizer(pieces).encode_plain(" a  a ") == Ids{3, 4, 3, 4});
  CHECK(small_tokenizer(pieces, varint_field(3, 0)).encode_plain(" a  a ") == Ids{4, 3, 4});
  CHECK(small_tokenizer(pieces, varint_field(4, 0)).encode_plain(" a  a ") == Ids{3, 3, 4, 3, 3, 4, 3});
  CHECK(small_tokenizer(pieces, varint_field(5, 0)).encode_plain(" a  a ") == Ids{5, 4, 5, 4});
}

TEST_CASE("a very long text is encoded as its repeating parts are") {
  std::string text;
  Ids expected;
  for (int i = 0; i < 20'000; ++i) {
    text += "a ";
    expected.push_back(5);
  }
  CHECK(golden_tokenizer().encode(text) == expected);
}
