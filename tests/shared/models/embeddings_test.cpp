#include "shared/models/embeddings.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/close_to.h"
#include "tests/support/golden_file.h"
#include "tests/support/test_backend.h"

using namespace palimpsest;
using namespace palimpsest::testing;

TEST_CASE("sinusoids of times and guidance are the reference's") {
  const GoldenFile golden("embed_rope.safetensors");
  check_close(timestep_embedding(golden.floats("t")), golden.floats("timestep_embedding"), 1e-4);
  // 1000 · guidance radians are resolved to 1e-3 by the reference's f32 frequencies.
  check_close(timestep_embedding(golden.floats("guidance")), golden.floats("guidance_embedding"), 1e-3);
}

TEST_CASE("cosines come first in a sinusoidal embedding") {
  const std::vector<float> zero = {0.0F};
  const std::vector<float> waves = timestep_embedding(zero);
  for (std::size_t i = 0; i < 128; ++i) {
    CHECK(waves[i] == 1.0F);
    CHECK(waves[128 + i] == 0.0F);
  }
}

TEST_CASE("the rotation table is the reference's") {
  const GoldenFile golden("embed_rope.safetensors");
  const std::vector<float> ids = golden.floats("ids"), cos = golden.floats("cos"), sin = golden.floats("sin");
  const std::int64_t axes[] = {16, 56, 56};
  const std::vector<float> table = embed_nd(ids, axes, 10000);
  REQUIRE(table.size() == 2 * cos.size());
  for (std::size_t i = 0; i < cos.size(); ++i) {
    const std::size_t token = i / 64;
    const bool is_far = ids[3 * token + 1] > 16 || ids[3 * token + 2] > 16;  // f32 angles up to 130 radians
    CAPTURE(i);
    CHECK(std::abs(table[2 * i] - cos[i]) <= (is_far ? 3e-5F : 2e-6F));
    CHECK(std::abs(table[2 * i + 1] - sin[i]) <= (is_far ? 3e-5F : 2e-6F));
  }
}

TEST_CASE("rotation turns pairs of neighbouring features, and text is not turned") {
  const GoldenFile golden("embed_rope.safetensors");
  TestBackend backend;
  const std::vector<float> ids = golden.floats("ids");
  const std::int64_t axes[] = {16, 56, 56};
  constexpr std::size_t kHeads = 2, kWidth = 128;
  const std::size_t tokens = ids.size() / 3;
  const Tensor pe = backend.upload(embed_nd(ids, axes, 10000), {static_cast<std::int64_t>(tokens), kWidth / 2, 2});
  // The golden file has heads before tokens.
  const auto row_of = [&](std::span<const float> values, std::size_t token, std::size_t head) {
    return values.subspan((head * tokens + token) * kWidth, kWidth);
  };
  for (const std::string name : {"q", "k"}) {
    const std::vector<float> stored = golden.floats(name), want = golden.floats(name + "_rot");
    std::vector<float> x;
    for (std::size_t i = 0; i < tokens * kHeads; ++i) {
      const auto row = row_of(stored, i / kHeads, i % kHeads);
      x.insert(x.end(), row.begin(), row.end());
    }
    Tensor rotated = backend.upload(x, {static_cast<std::int64_t>(tokens), kHeads, kWidth});
    backend->rope(rotated, pe);
    const std::vector<float> got = backend.download(rotated);
    for (std::size_t i = 0; i < tokens * kHeads; ++i) {
      const float* id = &ids[3 * (i / kHeads)];
      const bool is_far = id[1] > 16 || id[2] > 16, is_text = id[0] == 0 && id[1] == 0 && id[2] == 0;
      const auto row = std::span(got).subspan(i * kWidth, kWidth);
      check_close(row, row_of(want, i / kHeads, i % kHeads), is_far ? 2e-4 : 1e-5);
      if (is_text) check_close(row, std::span(x).subspan(i * kWidth, kWidth), 0);
    }
  }
}
