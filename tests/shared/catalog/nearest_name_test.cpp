#include "shared/catalog/nearest_name.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace palimpsest;

TEST_CASE("the edit distance counts insertions, deletions, replacements and exchanges") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("promtp", "prompt") == 1);
  CHECK(edit_distance("ca", "abc") == 3);  // the restricted form: no edits between exchanged letters
}

TEST_CASE("the nearest name is found without regard to case, and far ones are not offered") {
  const std::vector<std::string> names = {"seed", "steps", "prompt", "flux.1-kontext-max"};
  CHECK(nearest_name("Promt", names) == "prompt");
  CHECK(nearest_name("sed", names) == "seed");
  CHECK(nearest_name("FLUX.1-kontext-mxa", names) == "flux.1-kontext-max");
  CHECK(nearest_name("quality", names).empty());
  CHECK(nearest_name("", names).empty());
  CHECK(nearest_name(std::string(100'000, 's'), names).empty());
}
