#include "shared/tokenizer/pair_merges.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/shared/tokenizer/test_files.h"

using namespace palimpsest;

namespace {

using Word = std::vector<std::int32_t>;

// The definition, word for word: the pair of lowest rank, all of its places from the left, until there is none.
void apply_slowly(const PairMerges& merges, Word& word) {
  while (true) {
    const PairMerges::Merge* best = nullptr;
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < word.size(); ++i) {
      const PairMerges::Merge* merge = merges.find(word[i], word[i + 1]);
      if (merge && (!best || merge->rank < best->rank)) {
        best = merge;
        place = i;
      }
    }
    if (!best) return;
    const std::int32_t left = word[place], right = word[place + 1];
    Word joined;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (i + 1 < word.size() && word[i] == left && word[i + 1] == right) {
        joined.push_back(best->token);
        ++i;
      } else {
        joined.push_back(word[i]);
      }
    }
    word = joined;
  }
}

}  // namespace

TEST_CASE("all places of a pair are joined before a pair of lower rank that this brings about") {
  PairMerges merges;
  constexpr std::int32_t a = 0, b = 1, ab = 2, aba = 3;
  REQUIRE(merges.add(ab, a, aba));  // rank 0, but there is no ab at first
  REQUIRE(merges.add(a, b, ab));
  Word word = {a, b, a, b};
  merges.apply(word);
  CHECK(word == Word{ab, ab});
}

TEST_CASE("a run of one token is joined in twos from the left") {
  PairMerges merges;
  REQUIRE(merges.add(0, 0, 1));
  Word word = {0, 0, 0, 0, 0};
  merges.apply(word);
  CHECK(word == Word{1, 1, 0});
}

TEST_CASE("a pair has one merge") {
  PairMerges merges;
  CHECK(merges.add(0, 1, 2));
  CHECK_FALSE(merges.add(0, 1, 3));
}

TEST_CASE("random words are joined as the definition says, whatever the order of the merges") {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    PairMerges merges;
    // Tokens 0..3 are letters; each later one joins two earlier ones, in shuffled ranks.
    std::vector<std::pair<Word, std::int32_t>> rules;
    for (std::int32_t token = 4; token < 40; ++token) {
      std::uniform_int_distribution<std::int32_t> earlier(0, std::min(token - 1, 12));
      rules.push_back({{earlier(random), earlier(random)}, token});
    }
    std::shuffle(rules.begin(), rules.end(), random);
    for (const auto& [pair, token] : rules) merges.add(pair[0], pair[1], token);
    std::uniform_int_distribution<std::int32_t> letter(0, 3);
    Word word(60), expected;
    for (std::int32_t& token : word) token = letter(random);
    expected = word;
    merges.apply(word);
    apply_slowly(merges, expected);
    CHECK_MESSAGE(word == expected, "got " << test::joined(word) << "want " << test::joined(expected));
  }
}
