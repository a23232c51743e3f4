#include "shared/weights/shard_index.h"

#include <doctest/doctest.h>

#include <ostream>

#include "shared/base/error.h"
#include "tests/shared/weights/named_tensors.h"

using namespace palimpsest;
using palimpsest::testing::NamedTensors;

namespace {

std::string index_of(const std::string& shard) {
  return "{\"metadata\":{\"total_size\":1},\"weight_map\":{\"x\":\"" + shard + "\"}}";
}

template <typename Call>
std::string code_of(Call call) {
  try {
    call();
  } catch (const PalimpsestError& problem) {
    return problem.error().code;
  }
  return "accepted";
}

std::string parse_code(const std::string& text) {
  return code_of([&] { parse_shard_index(text, "index.json"); });
}

std::string merge_code(const ShardIndex& index, std::vector<std::shared_ptr<const TensorSource>> shards) {
  return code_of([&] { merge_shards(index, std::move(shards), "model"); });
}

std::shared_ptr<const TensorSource> shard(const char* name, std::vector<std::string> tensors) {
  return std::make_shared<NamedTensors>(name, std::move(tensors));
}

}  // namespace

TEST_CASE("an index gives each tensor its file") {
  const ShardIndex index = parse_shard_index("{\"weight_map\":{\"b\":\"2.safetensors\",\"a\":\"1.safetensors\"}}", "i");
  CHECK(index.files == std::vector<std::string>{"1.safetensors", "2.safetensors"});
  REQUIRE(index.tensors.size() == 2);
  CHECK(index.tensors[0] == std::pair<std::string, std::uint32_t>("b", 1));
  CHECK(index.tensors[1] == std::pair<std::string, std::uint32_t>("a", 0));
}

TEST_CASE("S45, S46: a shard that is more than a file name beside the index is refused") {
  for (const char* path : {"/etc/passwd", "../x.safetensors", "..", ".", "", "a/b.safetensors", "a\\\\b.safetensors",
                           "a\\u0000.safetensors", "C:x.safetensors", "a\\nb", "a/../b", ".hidden"})
    CHECK_MESSAGE(parse_code(index_of(path)) == "MODEL_PATH_REFUSED", path);
  CHECK(parse_code(index_of(std::string(256, 'x'))) == "MODEL_PATH_REFUSED");
  CHECK(parse_code(index_of("a..b-00001-of-00002.safetensors")) == "accepted");
}

TEST_CASE("S47, S48, S49: shards that disagree with their index are refused") {
  const ShardIndex index = parse_shard_index("{\"weight_map\":{\"a\":\"1\",\"b\":\"2\"}}", "i");
  CHECK(merge_code(index, {shard("1", {"a"}), shard("2", {"b"})}) == "accepted");
  CHECK(merge_code(index, {shard("1", {"a"})}) == "MODEL_SHARD_MISMATCH");
  CHECK(merge_code(index, {shard("1", {"a", "b"}), shard("2", {"b"})}) == "MODEL_SHARD_MISMATCH");
  CHECK(merge_code(index, {shard("1", {"a", "b"}), shard("2", {"c"})}) == "MODEL_SHARD_MISMATCH");
}

TEST_CASE("S50: an index is limited in bytes and shards") {
  std::string map;
  for (int i = 0; i < 1'025; ++i) {
    const std::string number = std::to_string(i);
    if (i == 1'024) CHECK(parse_code("{\"weight_map\":{" + map + "}}") == "accepted");
    map += (i > 0 ? ",\"" : "\"") + number + "\":\"" + number + "\"";
  }
  CHECK(parse_code("{\"weight_map\":{" + map + "}}") == "MODEL_LIMIT");
  const std::string small = index_of("x.safetensors");
  CHECK(parse_code(small + std::string((std::size_t{16} << 20) - small.size(), ' ')) == "accepted");
  CHECK(parse_code(small + std::string((std::size_t{16} << 20) - small.size() + 1, ' ')) == "MODEL_LIMIT");
}

TEST_CASE("an index that is not the expected JSON is refused") {
  CHECK(parse_code("") == "MODEL_HEADER_JSON");
  CHECK(parse_code("[]") == "MODEL_HEADER_JSON");
  CHECK(parse_code("{}") == "MODEL_HEADER_JSON");
  CHECK(parse_code("{\"weight_map\":[]}") == "MODEL_HEADER_JSON");
  CHECK(parse_code("{\"weight_map\":{\"a\":1}}") == "MODEL_HEADER_JSON");
  CHECK(parse_code("{\"weight_map\":{\"a\":\"1\",\"a\":\"2\"}}") == "MODEL_DUPLICATE_KEY");
  CHECK(parse_code("{\"weight_map\":{\"\xFF\":\"1\"}}") == "MODEL_HEADER_ENCODING");
}
