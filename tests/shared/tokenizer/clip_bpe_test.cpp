#include "shared/tokenizer/clip_bpe.h"

#include <doctest/doctest.h>

#include <sstream>

#include "tests/shared/tokenizer/refusal.h"
#include "tests/shared/tokenizer/test_files.h"

using namespace palimpsest;
using test::check_refused;
using test::joined;

namespace {

const std::string& golden_vocab() {
  static const std::string text = test::read_golden("clip_tokenizer/vocab.json");
  return text;
}

const std::string& golden_merges() {
  static const std::string text = test::read_golden("clip_tokenizer/merges.txt");
  return text;
}

const ClipBpeTokenizer& golden_tokenizer() {
  static const ClipBpeTokenizer tokenizer = ClipBpeTokenizer::from_files(golden_vocab(), golden_merges());
  return tokenizer;
}

std::vector<std::string> merge_lines() {
  std::vector<std::string> lines;
  std::istringstream stream(golden_merges());
  std::string line;
  std::getline(stream, line);  // the version
  while (std::getline(stream, line)) lines.push_back(line);
  return lines;
}

// The golden files as one tokenizer.json; newer files write a merge as a pair.
std::string golden_tokenizer_json(bool merges_as_pairs) {
  Json::Array merges;
  for (const std::string& line : merge_lines()) {
    const std::size_t space = line.find(' ');
    if (merges_as_pairs) {
      merges.push_back(Json::Array{line.substr(0, space), line.substr(space + 1)});
    } else {
      merges.push_back(line);
    }
  }
  Json model;
  model.set("type", "BPE").set("end_of_word_suffix", "</w>").set("vocab", test::parse(golden_vocab()));
  model.set("merges", std::move(merges));
  Json begin, file;
  begin.set("id", 912).set("content", "<|startoftext|>");
  file.set("added_tokens", Json::Array{begin}).set("model", std::move(model));
  return file.dump();
}

void check_golden(const ClipBpeTokenizer& tokenizer) {
  const Json golden = test::parse(test::read_golden("clip_tokenizer/cases.json"));
  const Json::Array& cases = *golden.find("cases")->as_array();
  CHECK(cases.size() == 41);
  for (const Json& entry : cases) {
    const std::string& text = *entry.find("text")->as_string();
    CAPTURE(text);
    const auto ids = test::ids_of(*entry.find("ids")), padded = test::ids_of(*entry.find("padded77"));
    CHECK_MESSAGE(tokenizer.encode(text) == ids, "got " << joined(tokenizer.encode(text)) << "want " << joined(ids));
    CHECK(tokenizer.encode_padded(text) == padded);
  }
}

// A vocabulary as small as can be.
constexpr const char* kSmallVocab =
    R"({"a":0,"b":1,"a</w>":2,"b</w>":3,"ab</w>":4,"<|startoftext|>":5,"<|endoftext|>":6})";

}  // namespace

TEST_CASE("CLIP ids are those of the reference") {
  check_golden(golden_tokenizer());
}

TEST_CASE("tokenizer.json gives the same CLIP ids as vocab.json and merges.txt, with merges written either way") {
  check_golden(ClipBpeTokenizer::from_tokenizer_json(golden_tokenizer_json(false)));
  check_golden(ClipBpeTokenizer::from_tokenizer_json(golden_tokenizer_json(true)));
}

TEST_CASE("a CLIP tokenizer knows its special ids and the size of its vocabulary") {
  CHECK(golden_tokenizer().bos_id() == 912);
  CHECK(golden_tokenizer().eos_id() == 913);
  CHECK(golden_tokenizer().pad_id() == 913);
  CHECK(golden_tokenizer().vocab_size() == 914);
}

TEST_CASE("the padding token and the length are options") {
  const auto tokenizer = ClipBpeTokenizer::from_files(golden_vocab(), golden_merges(), {.max_length = 5, .pad = "!"});
  CHECK(tokenizer.encode_padded("a") == std::vector<std::int32_t>{912, 320, 913, 0, 0});
  CHECK(tokenizer.encode_padded("a a a a a a") == std::vector<std::int32_t>{912, 320, 320, 320, 913});
  check_refused("invalid_value", "at least 2",
                [] { ClipBpeTokenizer::from_files(golden_vocab(), golden_merges(), {.max_length = 1}); });
}

TEST_CASE("a special token written in capitals counts only where a word may begin") {
  const ClipBpeTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode("a <|ENDOFTEXT|>") == std::vector<std::int32_t>{320, 913});
  CHECK(tokenizer.encode("!<|endoftext|>") == std::vector<std::int32_t>{tokenizer.encode("!")[0], 913});
  CHECK(tokenizer.encode("!<|ENDOFTEXT|>") == tokenizer.encode("!<| endoftext |>"));
}

TEST_CASE("a special token parts what is left and right of it") {
  const ClipBpeTokenizer& tokenizer = golden_tokenizer();
  std::vector<std::int32_t> expected = tokenizer.encode("a");
  expected.push_back(913);
  const auto accent = tokenizer.encode("\u0338");  // would compose with the > before it
  expected.insert(expected.end(), accent.begin(), accent.end());
  CHECK(tokenizer.encode("a<|endoftext|>\u0338") == expected);
}

TEST_CASE("case, white space and composition do not change CLIP ids") {
  const ClipBpeTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode("\n A\tCAF\u00C9 \u3000") == tokenizer.encode("a cafe\u0301"));
  CHECK(tokenizer.encode("IT'S") == tokenizer.encode("it 's"));
  CHECK(tokenizer.encode("it'\u017F") == tokenizer.encode("it '\u017F"));  // long s: a contraction in the pattern too
}

TEST_CASE("the combining iota below is no word and parts words") {
  const ClipBpeTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode("\u0345").empty());
  CHECK(tokenizer.encode("ab\u0345cd!\u0345") == tokenizer.encode("ab cd !"));
  CHECK(tokenizer.encode("\u03B1\u0345") == tokenizer.encode("\u1FB3"));  // composed, it is part of a letter
}

TEST_CASE("malformed UTF-8 in a CLIP prompt reads as replacement characters") {
  const ClipBpeTokenizer& tokenizer = golden_tokenizer();
  CHECK(tokenizer.encode("a\xFFz") == tokenizer.encode("a\uFFFDz"));
  CHECK(tokenizer.encode("\xE4\xB8") == tokenizer.encode("\uFFFD\uFFFD"));
}

TEST_CASE("a very long word is encoded as its repeating parts are") {
  // Two letters that only merge with each other: a long word is that pair over and over.
  const auto tokenizer = ClipBpeTokenizer::from_files(
      R"({"a":0,"b":1,"ab":2,"b</w>":3,"ab</w>":4,"<|startoftext|>":5,"<|endoftext|>":6})", "a b\na b</w>\n");
  std::string word;
  for (int i = 0; i < 50'000; ++i) word += "ab";
  std::vector<std::int32_t> expected(49'999, 2);
  expected.push_back(4);
  CHECK(tokenizer.encode(word) == expected);
}

TEST_CASE("a byte without a token becomes the padding token") {
  const auto tokenizer = ClipBpeTokenizer::from_files(kSmallVocab, "#version: 0.2\na b</w>\n");
  CHECK(tokenizer.encode("ab z a") == std::vector<std::int32_t>{4, 6, 2});
}

TEST_CASE("line ends of either kind and a missing last one are read") {
  for (const char* merges : {"#version: 0.2\r\na b</w>\r\n", "a b</w>", "a b</w>\n"}) {
    CHECK(ClipBpeTokenizer::from_files(kSmallVocab, merges).encode("ab") == std::vector<std::int32_t>{4});
  }
}

TEST_CASE("hostile vocab.json and merges.txt are refused in words that name the place") {
  struct Case {
    std::string vocab, merges, part;
  };
  const std::string specials = R"("<|startoftext|>":1,"<|endoftext|>":2})";
  const Case cases[] = {
      {"", "", "vocab.json"},
      {"[]", "", "vocab.json: the file is not a JSON object"},
      {"{\"a\":0,", "", "vocab.json: not valid JSON"},
      {R"({"a":-1,)" + specials, "", "the id of token 'a' is not an integer"},
      {R"({"a":"0",)" + specials, "", "the id of token 'a' is not an integer"},
      {R"({"a":0.5,)" + specials, "", "the id of token 'a' is not an integer"},
      {R"({"a":99999999999,)" + specials, "", "the id of token 'a' is not an integer"},
      {R"({"a":3,)" + specials, "", "token 'a' has id 3, but there are only 3 tokens"},
      {R"({"a":1,)" + specials, "", "id 1 is given to two tokens"},
      {R"({"a":0,"a":1,)" + specials, "", "vocab.json"},
      {R"({"":0,)" + specials, "", "token 0 has 0 bytes"},
      {"{\"" + std::string(513, 'a') + "\":0," + specials, "", "token 0 has 513 bytes"},
      {R"({"a":0,"<|startoftext|>":1})", "", "'<|endoftext|>' is not in it"},
      {"{\"\xFF\":0," + specials, "", "vocab.json"},
      {kSmallVocab, "a c</w>\n", "merges.txt line 1: the right token 'c</w>' is not in the vocabulary"},
      {kSmallVocab, "#version\nc b</w>\n", "merges.txt line 2: the left token 'c'"},
      {kSmallVocab, "b a</w>\n", "the merged token 'ba</w>'"},
      {kSmallVocab, "a b</w>\na b</w>\n", "merges.txt line 2: pair 'a b</w>' is merged a second time"},
      {kSmallVocab, "ab</w>\n", "merges.txt line 1: not two tokens"},
      {kSmallVocab, "a b</w> a\n", "merges.txt line 1: not two tokens"},
      {kSmallVocab, " ab</w>\n", "merges.txt line 1: not two tokens"},
      {kSmallVocab, "\na b</w>\n", "merges.txt line 1: not two tokens"},
      {kSmallVocab, std::string("a \0\n", 4), "merges.txt line 1"},
  };
  for (const Case& hostile : cases) {
    check_refused("TOKENIZER_INVALID", hostile.part,
                  [&] { ClipBpeTokenizer::from_files(hostile.vocab, hostile.merges); });
  }
}

TEST_CASE("hostile tokenizer.json of CLIP is refused in words that name the place") {
  const std::string vocab = std::string(R"("vocab":)") + kSmallVocab;
  const std::string kind = R"("type":"BPE","end_of_word_suffix":"</w>",)";
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "there is no 'model'"},
      {R"({"model":[]})", "'type' is not \"BPE\""},
      {R"({"model":{"type":"WordPiece"}})", "'type' is not \"BPE\""},
      {R"({"model":{"type":"BPE","end_of_word_suffix":""}})", "'end_of_word_suffix' is not \"</w>\""},
      {R"({"model":{)" + kind + R"("vocab":[]}})", "the vocabulary is not an object"},
      {R"({"model":{)" + kind + vocab + "}}", "model.merges: not an array"},
      {R"({"model":{)" + kind + vocab + R"(,"merges":[1]}})", "model.merges[0]: not a pair"},
      {R"({"model":{)" + kind + vocab + R"(,"merges":["a b</w>",["a"]]}})", "model.merges[1]: not a pair"},
      {R"({"model":{)" + kind + vocab + R"(,"merges":[["a","x"]]}})", "model.merges[0]: the right token 'x'"},
      {R"({"added_tokens":1,"model":{)" + kind + vocab + R"(,"merges":[]}})", "added_tokens: not an array"},
      {R"({"added_tokens":[{"id":7}],"model":{)" + kind + vocab + R"(,"merges":[]}})", "no string 'content'"},
      {R"({"added_tokens":[{"id":0,"content":"b"}],"model":{)" + kind + vocab + R"(,"merges":[]}})", "two ids"},
      {R"({"added_tokens":[{"id":8,"content":"c"}],"model":{)" + kind + vocab + R"(,"merges":[]}})", "has id 8"},
  };
  for (const auto& [text, part] : cases) {
    check_refused("TOKENIZER_INVALID", part, [&, &text = text] { ClipBpeTokenizer::from_tokenizer_json(text); });
  }
}
