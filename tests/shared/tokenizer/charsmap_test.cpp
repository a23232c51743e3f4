#include "shared/tokenizer/charsmap.h"

#include <doctest/doctest.h>

#include "tests/shared/tokenizer/charsmap_writer.h"
#include "tests/shared/tokenizer/refusal.h"
#include "tests/shared/tokenizer/spiece_writer.h"
#include "tests/shared/tokenizer/test_files.h"

using namespace palimpsest;
using test::check_refused;
using test::SmallTrie;

TEST_CASE("a map without bytes has no rules") {
  CHECK(Charsmap().longest_match("abc").size_bytes == 0);
  CHECK(Charsmap("").longest_match("abc").size_bytes == 0);
}

TEST_CASE("the longest rule fits") {
  const std::string bytes = SmallTrie().bytes();
  const Charsmap map(bytes);
  CHECK(map.longest_match("abc").size_bytes == 2);
  CHECK(map.longest_match("abc").replacement == "yz");
  CHECK(map.longest_match("ac").size_bytes == 1);
  CHECK(map.longest_match("ac").replacement == "x");
  CHECK(map.longest_match("b").size_bytes == 0);
  CHECK(map.longest_match("").size_bytes == 0);
}

TEST_CASE("the map of a T5 model folds widths, ligatures and spaces and removes controls") {
  const std::string model = test::read_golden("t5_tokenizer/spiece.model");
  const Charsmap map(test::payload(test::payload(model, 3), 2));
  CHECK(map.longest_match("\uFF21").replacement == "A");
  CHECK(map.longest_match("\uFB01").replacement == "fi");
  CHECK(map.longest_match("\u3000").replacement == " ");
  CHECK(map.longest_match("\t").replacement == " ");
  CHECK(map.longest_match("\x01").size_bytes == 1);
  CHECK(map.longest_match("\x01").replacement == "");
  CHECK(map.longest_match("e\u0301").replacement == "\u00E9");
  CHECK(map.longest_match("a").size_bytes == 0);
}

TEST_CASE("hostile maps are refused") {
  const auto refused = [](const std::string& part, const std::string& bytes) {
    check_refused("TOKENIZER_INVALID", part, [&] { Charsmap map(bytes); });
  };
  const auto refused_trie = [&](const std::string& part, auto change) {
    SmallTrie trie;
    change(trie);
    refused(part, trie.bytes());
  };
  refused("shorter than the size", "abc");
  refused("a trie of 0 bytes", test::charsmap_bytes({}, std::string("x\0", 2)));
  refused("a trie of 1024 bytes in a map of 1024", test::charsmap_bytes(SmallTrie().units, ""));
  refused("a trie of 4294967295 bytes", test::u32_bytes(0xFFFFFFFF) + std::string(1024, '\0'));
  refused("a trie of 3 bytes", test::u32_bytes(3) + std::string(8, '\0'));
  refused_trie("not ended by NUL", [](SmallTrie& t) { t.replacements = "xyz"; });
  refused_trie("not valid UTF-8", [](SmallTrie& t) { t.replacements = std::string("\xFF\0yz\0", 5); });
  refused_trie("a replacement of 257 bytes", [](SmallTrie& t) { t.replacements = std::string(257, 'x') + '\0'; });
  refused_trie("the root of the trie is a leaf", [](SmallTrie& t) { t.units[0] = SmallTrie::kLeafBit; });
  refused_trie("unit 0 of the trie links out of its bounds", [](SmallTrie& t) { t.units[0] = 0x100 << 10; });
  refused_trie("unit 97 of the trie links out", [](SmallTrie& t) { t.units['a'] |= 0x200; });
  refused_trie("unit 97 of the trie has no value", [](SmallTrie& t) { t.units[SmallTrie::kLeafOfA] = 0; });
  refused_trie("unit 97 of the trie has a value outside",
               [](SmallTrie& t) { t.units[SmallTrie::kLeafOfA] = SmallTrie::kLeafBit | 5; });
  refused_trie("a value inside of a character", [](SmallTrie& t) {
    t.replacements = std::string("\xC3\xA9\0\0", 4);
    t.units[SmallTrie::kLeafOfA] = SmallTrie::kLeafBit | 1;
  });
  refused_trie("links out of its bounds", [](SmallTrie& t) { t.units.resize(200); });
}

TEST_CASE("a trie that leads back to itself ends a lookup all the same") {
  SmallTrie trie;
  trie.units['a'] = 'a' << 10 | 'a';  // its children are the root's, itself among them
  const std::string bytes = trie.bytes();
  CHECK(Charsmap(bytes).longest_match(std::string(100'000, 'a')).size_bytes == 0);
}
