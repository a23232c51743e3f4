#include "shared/models/clip_text_encoder.h"

#include <doctest/doctest.h>

#include <cmath>

#include "shared/verify/verify_networks.h"
#include "tests/shared/models/memory_source.h"
#include "tests/shared/models/refusal.h"
#include "tests/support/golden_file.h"
#include "tests/support/test_backend.h"
#include "tests/support/verify_cases.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

constexpr std::int32_t kBos = 148, kEos = 149;

}  // namespace

TEST_CASE("the CLIP text encoder computes what the reference computes") {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    CAPTURE(name_of(dtype));
    TestBackend backend(dtype);
    const GoldenFile weights("clip_tiny.safetensors"), io("clip_tiny_io.safetensors");
    const ClipTextConfig config = clip_text_config_from_json(weights.config());
    check_all_passed(verify_clip(weights.source(), config, io.source(), *backend), {"pooler_output"});
  }
}

TEST_CASE("the pooled vector is that of the first end token") {
  TestBackend backend;
  const GoldenFile weights("clip_tiny.safetensors");
  const auto network =
      load_network<ClipTextEncoder>(clip_text_config_from_json(weights.config()), weights.source(), *backend);
  const auto pooled = [&](std::vector<std::int32_t> ids) { return backend.download(network->forward(ids, {})); };
  const std::vector<float> alone = pooled({kBos, 7, 9, kEos});
  const std::vector<float> padded = pooled({kBos, 7, 9, kEos, kEos, kEos}), other = pooled({kBos, 7, 9, kEos, 3, kEos});
  for (std::size_t i = 0; i < alone.size(); ++i) {
    CHECK(std::abs(padded[i] - alone[i]) <= 1e-5F);
    CHECK(std::abs(other[i] - alone[i]) <= 1e-5F);
  }
  CHECK(pooled({kBos, 7, 9, 9, kEos}) != alone);
}

TEST_CASE("the published CLIP-L fits the network tensor by tensor, leftovers included") {
  MemorySource source = published_checkpoint(*read_golden_json("names_real.json").find("clip_l_hf"));
  source.add("text_projection.weight", {768, 768}, DType::bf16);
  CHECK_NOTHROW(check_network<ClipTextEncoder>(ClipTextConfig{}, source));
  const ClipTextConfig config = clip_text_config_from_tensors(source);
  CHECK(config.hidden_size == 768);
  CHECK(config.intermediate_size == 3072);
  CHECK(config.num_hidden_layers == 12);
  CHECK(config.num_attention_heads == 12);
  CHECK(config.max_position_embeddings == 77);
  CHECK(config.eos_token_id == 49407);
}

TEST_CASE("the end token of the published configurations, 2 by mistake, is the last of the vocabulary") {
  const GoldenFile weights("clip_tiny.safetensors");
  Json json = weights.config();
  CHECK(clip_text_config_from_json(json).eos_token_id == 149);
  json.set("eos_token_id", 2);
  CHECK(clip_text_config_from_json(json).eos_token_id == 149);
  json.set("eos_token_id", 140);
  CHECK(clip_text_config_from_json(json).eos_token_id == 140);
  Json whole_clip;
  whole_clip.set("text_config", json);
  CHECK(clip_text_config_from_json(whole_clip).eos_token_id == 140);
}

TEST_CASE("configurations of CLIP that are hostile or of another kind are refused and the member is named") {
  const GoldenFile weights("clip_tiny.safetensors");
  const auto refused = [&](const char* member, Json value) {
    Json json = weights.config();
    json.set(member, std::move(value));
    const Error error = refusal_of([&] { clip_text_config_from_json(json); });
    CHECK(error.code == "CONFIG_INVALID");
    return error;
  };
  CHECK(mentions(refused("hidden_act", "gelu"), "hidden_act must be quick_gelu"));
  CHECK(mentions(refused("num_attention_heads", 5), "5 heads"));
  CHECK(mentions(refused("eos_token_id", 150), "eos_token_id"));
  CHECK(mentions(refused("vocab_size", 0), "vocab_size"));
}

TEST_CASE("token ids that CLIP cannot take are refused") {
  TestBackend backend;
  const GoldenFile weights("clip_tiny.safetensors");
  const auto network =
      load_network<ClipTextEncoder>(clip_text_config_from_json(weights.config()), weights.source(), *backend);
  const auto refused = [&](std::vector<std::int32_t> ids) { return refusal_of([&] { network->forward(ids, {}); }); };
  CHECK(mentions(refused({kBos, 7}), "no end token"));
  CHECK(mentions(refused(std::vector<std::int32_t>(17, kEos)), "16 positions"));
  CHECK(refused({150, kEos}).code == codes::kInvalidValue);
}
