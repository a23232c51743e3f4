// T5UnigramTokenizer held to the SentencePiece library: the same ids for the same text, on the models of the repository
// and on random ones with every type of piece.
#include <doctest/doctest.h>
#include <sentencepiece_processor.h>

#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "shared/tokenizer/t5_unigram.h"
#include "tests/shared/tokenizer/charsmap_writer.h"
#include "tests/shared/tokenizer/spiece_writer.h"
#include "tests/shared/tokenizer/test_files.h"

using namespace palimpsest;
using namespace palimpsest::test;

namespace {

using Strings = std::vector<std::string>;

const std::string& pick(std::mt19937& random, const Strings& from) {
  return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
}

// Fragments that have something about them: words, spaces, controls, composed and decomposed letters, wide and narrow
// forms, scripts, emoji with joiners, invisible characters, malformed bytes.
const Strings& fragments() {
  static const Strings strings = {"a",
                                  "the",
                                  "house",
                                  "make",
                                  "sky",
                                  "Orange",
                                  "THE",
                                  "unchanged",
                                  "1",
                                  "42",
                                  "3.14",
                                  ",",
                                  ".",
                                  "!",
                                  "?",
                                  "'s",
                                  "n't",
                                  "\"",
                                  "(",
                                  ")",
                                  "-",
                                  "_",
                                  "@",
                                  "#",
                                  "&amp;",
                                  "</s>",
                                  "<pad>",
                                  "<unk>",
                                  "<extra_id_0>",
                                  "<",
                                  ">",
                                  " ",
                                  " ",
                                  " ",
                                  "  ",
                                  "   ",
                                  "\t",
                                  "\n",
                                  "\r\n",
                                  "\u00A0",
                                  "\u2003",
                                  "\u3000",
                                  "\u2028",
                                  "\u0085",
                                  std::string("\0", 1),
                                  "\x01",
                                  "\x1F",
                                  "\x7F",
                                  "\u0080",
                                  "\u00AD",
                                  "\u200B",
                                  "\u200C",
                                  "\u200D",
                                  "\u2060",
                                  "\uFEFF",
                                  "\uFFFD",
                                  "\u2581",
                                  "\u2581\u2581",
                                  "é",
                                  "e\u0301",
                                  "ñ",
                                  "A\u030A",
                                  "\u212B",
                                  "\u1E69",
                                  "s\u0323\u0307",
                                  "\u0301",
                                  "\u0338",
                                  "\u0345",
                                  "ß",
                                  "ﬁ",
                                  "ﬀ",
                                  "½",
                                  "²",
                                  "™",
                                  "…",
                                  "“",
                                  "’",
                                  "—",
                                  "Ａ",
                                  "ｆｕｌｌ",
                                  "！",
                                  "ｶﾞ",
                                  "㌔",
                                  "㍿",
                                  "ﷺ",
                                  "中",
                                  "文",
                                  "提示词",
                                  "日本語",
                                  "プロンプト",
                                  "한국어",
                                  "\u1112\u1161\u11AB",
                                  "Привет",
                                  "عربية",
                                  "עברית",
                                  "हिन्दी",
                                  "ไทย",
                                  "😀",
                                  "🎉",
                                  "👩\u200D🚀",
                                  "❤\uFE0F",
                                  "🇫🇷",
                                  "𝐀",
                                  "\U00020000",
                                  "\U0010FFFF",
                                  "\xFF",
                                  "\xC0\x80",
                                  "\xE4\xB8",
                                  "\xED\xA0\x80",
                                  "\xF4\x90\x80\x80",
                                  "\x80"};
  return strings;
}

std::string random_text(std::mt19937& random, const Strings& from, int most_fragments) {
  std::uniform_int_distribution<int> count(0, most_fragments);
  std::string text;
  for (int n = count(random); n > 0; --n) text += pick(random, from);
  return text;
}

class Oracle {
 public:
  explicit Oracle(const std::string& model) { REQUIRE(processor_.LoadFromSerializedProto(model).ok()); }

  std::vector<std::int32_t> encode(const std::string& text) const {
    std::vector<int> ids;
    REQUIRE(processor_.Encode(text, &ids).ok());
    return {ids.begin(), ids.end()};
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

void compare(const Oracle& oracle, const T5UnigramTokenizer& tokenizer, const std::string& text) {
  const auto got = tokenizer.encode_plain(text), want = oracle.encode(text);
  if (got != want) FAIL_CHECK("text '" << text << "'\ngot " << joined(got) << "\nwant " << joined(want));
}

void compare_on_texts(const std::string& model, unsigned seed) {
  const Oracle oracle(model);
  const auto tokenizer = T5UnigramTokenizer::from_spiece_model(model);
  std::mt19937 random(seed);
  for (int i = 0; i < 4000; ++i) compare(oracle, tokenizer, random_text(random, fragments(), 24));
  for (const std::string& fragment : fragments()) {
    std::string repeated;
    for (int i = 0; i < 300; ++i) repeated += fragment;
    compare(oracle, tokenizer, fragment);
    compare(oracle, tokenizer, repeated);
  }
}

// Pieces of every type over few letters, so that there are many ways to cut a text and many ties.
std::string random_model(std::mt19937& random, const std::string& charsmap) {
  const Strings letters = {"a", "b", "c", "é", "中", "▁", "▁", "😀"};
  std::uniform_int_distribution<int> size(1, 4), score(-8, 1), kind(0, 9), flag(0, 3), count(5, 60);
  std::string model = first_pieces();
  std::set<std::string> taken;
  // The library wants an ordinary piece at least.
  model += piece_field("a", -3, kNormal);
  taken.insert("a");
  for (int n = count(random); n > 0; --n) {
    std::string text;
    for (int k = size(random); k > 0; --k) text += pick(random, letters);
    if (!taken.insert(text).second) continue;
    const int type = kind(random);
    model += piece_field(text, static_cast<float>(score(random)) * 0.7F,
                         type == 0   ? kUserDefined
                         : type == 1 ? kUnused
                                     : kNormal);
  }
  std::string normalizer = bytes_field(2, charsmap);
  for (std::uint64_t field = 3; field <= 5; ++field) normalizer += varint_field(field, flag(random) != 0);
  return model + trainer_spec() + bytes_field(3, normalizer);
}

}  // namespace

TEST_CASE("the reference's small model gives the library's ids") {
  compare_on_texts(read_golden("t5_tokenizer/spiece.model"), 11);
}

TEST_CASE("the built-in checkpoint's model gives the library's ids") {
  const std::string path = PALIMPSEST_MODELS "/nano/tokenizer_2/spiece.model";
  REQUIRE_MESSAGE(std::filesystem::exists(path), path << " is missing");
  compare_on_texts(read_file(path), 12);
}

TEST_CASE("random models with every type of piece give the library's ids") {
  std::mt19937 random(13);
  const std::string golden = read_golden("t5_tokenizer/spiece.model");
  const std::string charsmap(payload(payload(golden, 3), 2));
  const Strings letters = {"a", "b", "c", "d", "é", "e\u0301", "中", " ", " ", "  ", "▁", "😀", "Ａ", "\u200B", "\xFF"};
  for (int round = 0; round < 150; ++round) {
    const std::string model = random_model(random, round % 2 == 0 ? charsmap : "");
    const Oracle oracle(model);
    const auto tokenizer = T5UnigramTokenizer::from_spiece_model(model);
    CAPTURE(round);
    for (int i = 0; i < 60; ++i) compare(oracle, tokenizer, random_text(random, letters, 30));
  }
}
