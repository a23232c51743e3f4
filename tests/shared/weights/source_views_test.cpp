#include "shared/weights/source_views.h"

#include <doctest/doctest.h>

#include <ostream>

#include "shared/base/error.h"
#include "tests/shared/weights/named_tensors.h"

using namespace palimpsest;
using palimpsest::testing::NamedTensors;

TEST_CASE("a prefix is taken off names and put before look-ups") {
  const auto file =
      std::make_shared<NamedTensors>("all.safetensors", std::vector<std::string>{"vae.a", "vae.b", "vae", "a"});
  const PrefixedSource vae(file, "vae.");
  CHECK(vae.names() == std::vector<std::string>{"a", "b"});
  CHECK(vae.find("a") == file->find("vae.a"));
  CHECK(vae.find("vae.a") == nullptr);
  CHECK(vae.find("") == nullptr);
  CHECK(vae.description() == "all.safetensors");
}

TEST_CASE("shards are one source with every tensor of each") {
  const auto first = std::make_shared<NamedTensors>("1", std::vector<std::string>{"a", "b"});
  const auto second = std::make_shared<NamedTensors>("2", std::vector<std::string>{"c"});
  const MergedSource merged({first, second}, "both");
  CHECK(merged.names() == std::vector<std::string>{"a", "b", "c"});
  CHECK(merged.find("b") == first->find("b"));
  CHECK(merged.find("c") == second->find("c"));
  CHECK(merged.find("d") == nullptr);
}

TEST_CASE("a tensor in two shards is refused and both are named") {
  const auto first = std::make_shared<NamedTensors>("one", std::vector<std::string>{"a", "b"});
  const auto second = std::make_shared<NamedTensors>("two", std::vector<std::string>{"c", "b"});
  try {
    MergedSource({first, second}, "both");
    FAIL("accepted");
  } catch (const PalimpsestError& problem) {
    CHECK(problem.error().code == "MODEL_SHARD_MISMATCH");
    CHECK(problem.error().message == "both: tensor \"b\" is both in one and in two");
  }
}
