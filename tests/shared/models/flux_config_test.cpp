#include "shared/models/flux_config.h"

#include <doctest/doctest.h>

#include "shared/models/flux_names.h"
#include "shared/models/flux_transformer.h"
#include "tests/shared/models/memory_source.h"
#include "tests/shared/models/refusal.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

void check_is_flux_dev(const FluxConfig& config) {
  CHECK(config.in_channels == 64);
  CHECK(config.out_channels == 64);
  CHECK(config.vec_in_dim == 768);
  CHECK(config.context_in_dim == 4096);
  CHECK(config.hidden_size == 3072);
  CHECK(config.mlp_hidden_size() == 12288);
  CHECK(config.num_heads == 24);
  CHECK(config.head_dim() == 128);
  CHECK(config.depth == 19);
  CHECK(config.depth_single_blocks == 38);
  CHECK(config.axes_dim == std::vector<std::int64_t>{16, 56, 56});
  CHECK(config.theta == 10000);
  CHECK(config.qkv_bias);
  CHECK(config.guidance_embed);
}

Json diffusers_config() {
  return read_golden_json("diffusers_mini/transformer/config.json");
}

Error refusal_with(const char* member, Json value) {
  Json json = diffusers_config();
  json.set(member, std::move(value));
  return refusal_of([&] { flux_config_from_json(json); });
}

}  // namespace

TEST_CASE("the published configurations in the reference's names are read") {
  const Json published = read_golden_json("configs.json");
  check_is_flux_dev(flux_config_from_json(*published.find("flux-dev-kontext")->find("params")));
  CHECK_FALSE(flux_config_from_json(*published.find("flux-schnell")->find("params")).guidance_embed);
  const FluxConfig fill = flux_config_from_json(*published.find("flux-dev-fill")->find("params"));
  CHECK(fill.in_channels == 384);
  CHECK(fill.out_channels == 64);
}

TEST_CASE("a configuration in diffusers' names is read") {
  const FluxConfig config = flux_config_from_json(diffusers_config());
  CHECK(config.hidden_size == 32);
  CHECK(config.num_heads == 2);
  CHECK(config.axes_dim == std::vector<std::int64_t>{4, 6, 6});
  CHECK(config.out_channels == 64);  // null in the file: as many as come in
  CHECK(config.depth == 2);
  CHECK(config.depth_single_blocks == 2);
  CHECK(config.context_in_dim == 48);
  CHECK(config.vec_in_dim == 32);
  CHECK(config.guidance_embed);
}

TEST_CASE("the shapes of the published checkpoint give its configuration, in both spellings") {
  const Json names = read_golden_json("names_real.json");
  for (const char* spelling : {"flux_dev_bfl", "flux_dev_diffusers"}) {
    CAPTURE(spelling);
    check_is_flux_dev(flux_config_from_tensors(published_checkpoint(*names.find(spelling))));
  }
}

TEST_CASE("the published checkpoint fits the network tensor by tensor, in both spellings") {
  const Json names = read_golden_json("names_real.json");
  for (const char* spelling : {"flux_dev_bfl", "flux_dev_diffusers"}) {
    CAPTURE(spelling);
    MemorySource source = published_checkpoint(*names.find(spelling));
    CHECK_NOTHROW(check_network<FluxTransformer>(FluxConfig{}, source));
    FluxConfig schnell;
    schnell.guidance_embed = false;
    CHECK(refusal_of([&] { check_network<FluxTransformer>(schnell, source); }).code == "MODEL_ARCH_MISMATCH");
  }
}

TEST_CASE("hostile configurations are refused and the member is named") {
  CHECK(refusal_with("num_layers", 1001).code == "CONFIG_INVALID");
  CHECK(mentions(refusal_with("num_layers", 1001), "num_layers must be an integer from 1 to 1000"));
  CHECK(mentions(refusal_with("num_layers", 2.5), "num_layers"));
  CHECK(mentions(refusal_with("num_layers", nullptr), "num_layers is missing"));
  CHECK(mentions(refusal_with("attention_head_dim", 65536), "num_attention_heads"));
  CHECK(mentions(refusal_with("num_attention_heads", -1), "num_attention_heads"));
  CHECK(mentions(refusal_with("axes_dims_rope", Json::Array{4, 6, 8}), "add up to the head width 16"));
  CHECK(mentions(refusal_with("axes_dims_rope", Json::Array{5, 5, 6}), "even"));
  CHECK(mentions(refusal_with("axes_dims_rope", Json::Array{8, 8}), "three"));
  CHECK(mentions(refusal_with("axes_dims_rope", "4,6,6"), "axes_dims_rope"));
  CHECK(mentions(refusal_with("guidance_embeds", 1), "guidance_embeds"));
  CHECK(mentions(refusal_with("_class_name", "SD3Transformer2DModel"), "FluxTransformer2DModel"));
  CHECK(refusal_of([] { flux_config_from_json(Json(Json::Array{})); }).code == "CONFIG_INVALID");
}

TEST_CASE("a hidden size that does not split into its heads is refused") {
  const GoldenFile file("flux_dev_tiny.safetensors");
  Json json = file.config();
  json.set("num_heads", 3);
  CHECK(mentions(refusal_of([&] { flux_config_from_json(json); }), "does not split into 3 heads"));
}

TEST_CASE("without a configuration, heads of another width than 128 are refused") {
  const GoldenFile file("flux_dev_tiny.safetensors");
  const Error error = refusal_of([&] { flux_config_from_tensors(file.source()); });
  CHECK(error.code == "CONFIG_INVALID");
  CHECK(mentions(error, "axes_dim"));
}

TEST_CASE("another network's checkpoint is told apart") {
  const GoldenFile file("t5_tiny.safetensors");
  CHECK(refusal_of([&] { flux_config_from_tensors(file.source()); }).code == "MODEL_ARCH_MISMATCH");
}

TEST_CASE("diffusers keeps scale before shift in the last layer") {
  const std::vector<StoredPart> parts = diffusers_flux_names("final_layer.adaLN_modulation.1.weight");
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].name == "norm_out.linear.weight");
  CHECK(parts[0].piece == 1);  // shift, the second half there, is first here
  CHECK(parts[1].piece == 0);
  CHECK(parts[1].piece_count == 2);
}
