#include "shared/pipeline/latents.h"

#include <doctest/doctest.h>

#include <numeric>

#include "shared/base/error.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;

namespace {

std::int64_t integer(const Json& object, const char* name) {
  std::int64_t value = -1;
  REQUIRE(object.find(name) != nullptr);
  REQUIRE(object.find(name)->to_int64(value));
  return value;
}

ImageSize size_of_latents(const Json& pair) {
  std::int64_t height = 0, width = 0;
  REQUIRE((*pair.as_array())[0].to_int64(height));
  REQUIRE((*pair.as_array())[1].to_int64(width));
  return {static_cast<int>(width) * 8, static_cast<int>(height) * 8};
}

}  // namespace

TEST_CASE("a token holds a 2x2 block in the order channel, row, column") {
  Latents latents{2, 4, 2, std::vector<float>(16)};
  // value = 100·channel + 10·row + column
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 4; ++x) {
      for (int c = 0; c < 2; ++c) {
        latents.values[static_cast<std::size_t>((y * 4 + x) * 2 + c)] = static_cast<float>(100 * c + 10 * y + x);
      }
    }
  }
  const std::vector<float> first = {0, 1, 10, 11, 100, 101, 110, 111};
  const std::vector<float> tokens = pack(latents);
  CHECK(std::vector<float>(tokens.begin(), tokens.begin() + 8) == first);
  CHECK(tokens[8] == 2);
  CHECK(latents.token_count() == 2);
}

TEST_CASE("packing equals the reference's, and unpacking undoes it") {
  const GoldenFile file("ae_tiny_io.safetensors");
  const Latents latents = from_channels_first(file.floats("in.z2"), 6, 10, 16);
  CHECK(pack(latents) == file.floats("in.z2_packed"));
  CHECK(unpack(pack(latents), 6, 10, 16).values == latents.values);
}

TEST_CASE("latents with odd sides or a wrong number of values are refused") {
  CHECK_THROWS_AS(pack(Latents{3, 4, 1, std::vector<float>(12)}), PalimpsestError);
  CHECK_THROWS_AS(pack(Latents{2, 2, 1, std::vector<float>(5)}), PalimpsestError);
  CHECK_THROWS_AS(unpack(std::vector<float>(8), 2, 5, 1), PalimpsestError);
  CHECK_THROWS_AS(from_channels_first(std::vector<float>(0), 0, 0, 16), PalimpsestError);
}

TEST_CASE("several references stand where the offset convention puts them") {
  const Json cases = read_golden_json("multiref_ids.json");
  int checked = 0;
  for (const Json& one : *cases.as_array()) {
    if (*one.find("method")->as_string() != "offset") continue;
    std::vector<ImageSize> sizes;
    for (const Json& pair : *one.find("ref_latent_hw")->as_array()) sizes.push_back(size_of_latents(pair));
    const std::vector<TokenGrid> grids = reference_grids(sizes);
    const Json::Array& blocks = *one.find("blocks")->as_array();  // the first one is the noise
    REQUIRE(grids.size() + 1 == blocks.size());
    for (std::size_t i = 0; i < grids.size(); ++i) {
      const Json& block = blocks[i + 1];
      CHECK(grids[i] == TokenGrid{integer(block, "h"), integer(block, "w"), integer(block, "index"),
                                  integer(block, "h_offset"), integer(block, "w_offset")});
    }
    ++checked;
  }
  CHECK(checked == 4);
}

TEST_CASE("ids name the index, the row and the column of each token") {
  std::vector<float> ids;
  append_ids({2, 2, 0, 0, 0}, ids);
  append_ids({1, 2, 1, 2, 300}, ids);
  CHECK(ids == std::vector<float>{0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 2, 300, 1, 2, 301});
}
