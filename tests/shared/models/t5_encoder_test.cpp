#include "shared/models/t5_encoder.h"

#include <doctest/doctest.h>

#include "shared/verify/verify_networks.h"
#include "tests/shared/models/memory_source.h"
#include "tests/shared/models/refusal.h"
#include "tests/support/golden_file.h"
#include "tests/support/test_backend.h"
#include "tests/support/verify_cases.h"

using namespace palimpsest;
using namespace palimpsest::testing;

TEST_CASE("the T5 encoder computes what the reference computes, padding and all") {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    CAPTURE(name_of(dtype));
    TestBackend backend(dtype);
    const GoldenFile weights("t5_tiny.safetensors"), io("t5_tiny_io.safetensors");
    const T5Config config = t5_config_from_json(weights.config());
    check_all_passed(verify_t5(weights.source(), config, io.source(), *backend), {"last_hidden_state"});
  }
}

TEST_CASE("relative positions fall into the reference's buckets") {
  const GoldenFile golden("t5_buckets.safetensors");
  const auto positions = golden.values<std::int32_t>("relative_position");
  const auto check_buckets = [&](std::int64_t buckets, std::int64_t distance) {
    const auto want =
        golden.values<std::int32_t>("bucket.bidir." + std::to_string(buckets) + "." + std::to_string(distance));
    for (std::size_t i = 0; i < positions.size(); ++i) {
      CAPTURE(positions[i]);
      CHECK(t5_relative_position_bucket(positions[i], buckets, distance) == want[i]);
    }
  };
  check_buckets(32, 128);
  check_buckets(8, 20);
  check_buckets(16, 64);
}

TEST_CASE("the published T5-XXL fits the network tensor by tensor, under either name of its table") {
  MemorySource source = published_checkpoint(*read_golden_json("names_real.json").find("t5xxl_hf"));
  for (const char* removed : {"nothing", "shared.weight"}) {
    source.remove(removed);
    CAPTURE(removed);
    CHECK_NOTHROW(check_network<T5Encoder>(T5Config{}, source));
    const T5Config config = t5_config_from_tensors(source);
    CHECK(config.d_model == 4096);
    CHECK(config.d_kv == 64);
    CHECK(config.d_ff == 10240);
    CHECK(config.num_layers == 24);
    CHECK(config.num_heads == 64);
    CHECK(config.vocab_size == 32128);
  }
}

TEST_CASE("configurations of T5 that are hostile or of another kind are refused and the member is named") {
  const GoldenFile weights("t5_tiny.safetensors");
  const auto refused = [&](const char* member, Json value) {
    Json json = weights.config();
    json.set(member, std::move(value));
    const Error error = refusal_of([&] { t5_config_from_json(json); });
    CHECK(error.code == "CONFIG_INVALID");
    return error;
  };
  CHECK(mentions(refused("feed_forward_proj", "relu"), "feed_forward_proj must be gated-gelu"));
  CHECK(mentions(refused("num_layers", 0), "num_layers"));
  CHECK(mentions(refused("d_model", "32"), "d_model"));
  CHECK(mentions(refused("relative_attention_num_buckets", 6), "relative_attention_num_buckets"));
  CHECK(mentions(refused("relative_attention_max_distance", 8), "relative_attention_max_distance"));
}

TEST_CASE("token ids that T5 cannot take are refused") {
  TestBackend backend;
  const GoldenFile weights("t5_tiny.safetensors");
  const auto network = load_network<T5Encoder>(t5_config_from_json(weights.config()), weights.source(), *backend);
  const auto code_of = [&](std::vector<std::int32_t> ids, const StopToken& stop) {
    return refusal_of([&] { network->forward(ids, stop); }).code;
  };
  CHECK(code_of({}, {}) == codes::kInvalidValue);
  CHECK(code_of({5, 120}, {}) == codes::kInvalidValue);
  CHECK(code_of({-1}, {}) == codes::kInvalidValue);
  const StopToken stop;
  stop.request_stop();
  CHECK(code_of({5, 1}, stop) == codes::kCancelled);
}
