#include "native/storage/random_id.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "native/storage/page_cursor.h"

using namespace palimpsest;

TEST_CASE("identifiers are 26 letters, all different, and every letter varies") {
  constexpr int kCount = 1'000;
  std::set<std::string> ids;
  std::vector<std::set<char>> letters(26);
  for (int i = 0; i < kCount; ++i) {
    const std::string id = random_id();
    REQUIRE(is_random_id(id));
    for (std::size_t k = 0; k < id.size(); ++k) letters[k].insert(id[k]);
    ids.insert(id);
  }
  CHECK(ids.size() == kCount);
  // 25 letters carry five bits; the last carries the remaining three. That one of 32 is missed has a chance of
  // 32 · (31/32)^1000 < 1e-12 a letter.
  for (std::size_t k = 0; k < 25; ++k) CHECK(letters[k].size() == 32);
  CHECK(letters[25].size() == 8);
}

TEST_CASE("what is no identifier is recognised") {
  for (const char* text : {"", "abc", "../../etc/passwd-aaaaaaaaaaa", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                           "aaaaaaaaaaaaaaaaaaaaaaaaa1", "aaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    CHECK_FALSE(is_random_id(text));
  }
}

TEST_CASE("a cursor reads back, and anything else is refused by name") {
  const PageCursor cursor{1'700'000'000'123, random_id()};
  const auto read = parse_page_cursor(cursor.text());
  REQUIRE(read);
  REQUIRE(read->has_value());
  CHECK((*read)->created_ms == cursor.created_ms);
  CHECK((*read)->id == cursor.id);
  CHECK_FALSE(parse_page_cursor("").value_or_throw().has_value());
  for (const char* text :
       {"x", "12", "12-", "-", "12-abc", "99999999999999999999-aaaaaaaaaaaaaaaaaaaaaaaaaa", "1' OR 1"}) {
    const auto refused = parse_page_cursor(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().param == "cursor");
  }
}
