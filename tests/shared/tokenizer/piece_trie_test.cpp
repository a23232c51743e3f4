#include "shared/tokenizer/piece_trie.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

using namespace palimpsest;

namespace {

using Found = std::vector<std::pair<std::size_t, std::int32_t>>;

Found prefixes(const PieceTrie& trie, std::string_view text) {
  Found found;
  trie.for_each_prefix(text, [&](std::size_t length, std::int32_t id) { found.emplace_back(length, id); });
  return found;
}

}  // namespace

TEST_CASE("an empty trie finds nothing") {
  CHECK(prefixes(PieceTrie(), "abc").empty());
  CHECK(prefixes(PieceTrie(std::vector<PieceTrie::Entry>{}), "abc").empty());
}

TEST_CASE("prefixes are found shortest first, bytes above 127 and NUL among them") {
  const PieceTrie trie({{"ab", 1}, {"a", 2}, {"abcd", 3}, {"b", 4}, {"\xFF", 5}, {std::string_view("\0", 1), 6}});
  CHECK(prefixes(trie, "abcde") == Found{{1, 2}, {2, 1}, {4, 3}});
  CHECK(prefixes(trie, "abc") == Found{{1, 2}, {2, 1}});
  CHECK(prefixes(trie, "\xFFz") == Found{{1, 5}});
  CHECK(prefixes(trie, std::string_view("\0", 1)) == Found{{1, 6}});
  CHECK(prefixes(trie, "c").empty());
  CHECK(prefixes(trie, "").empty());
}

TEST_CASE("a node may have all 256 bytes below it") {
  std::vector<std::string> strings;
  for (int byte = 0; byte < 256; ++byte) strings.push_back(std::string("k") + static_cast<char>(byte));
  std::vector<PieceTrie::Entry> entries;
  for (int byte = 0; byte < 256; ++byte) entries.emplace_back(strings[static_cast<std::size_t>(byte)], byte);
  const PieceTrie trie(entries);
  for (int byte = 0; byte < 256; ++byte)
    CHECK(prefixes(trie, strings[static_cast<std::size_t>(byte)]) == Found{{2, byte}});
}

TEST_CASE("random sets are found as a plain search finds them") {
  std::mt19937 random(4);
  std::uniform_int_distribution<int> letter('a', 'c'), length(1, 6);
  const auto word = [&](int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text.push_back(static_cast<char>(letter(random)));
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, std::int32_t> set;
    for (int i = 0; i < 40; ++i) set.emplace(word(length(random)), i);
    const PieceTrie trie({set.begin(), set.end()});
    const std::string text = word(8);
    Found expected;
    for (std::size_t size = 1; size <= text.size(); ++size) {
      const auto found = set.find(text.substr(0, size));
      if (found != set.end()) expected.emplace_back(size, found->second);
    }
    CHECK(prefixes(trie, text) == expected);
  }
}
