#include "shared/models/autoencoder.h"

#include <doctest/doctest.h>

#include <cmath>

#include "shared/verify/verify_networks.h"
#include "tests/shared/models/memory_source.h"
#include "tests/shared/models/refusal.h"
#include "tests/support/close_to.h"
#include "tests/support/golden_file.h"
#include "tests/support/test_backend.h"
#include "tests/support/verify_cases.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

struct LoadedTiny {
  explicit LoadedTiny(DType dtype = DType::f32) : backend(dtype) {
    const GoldenFile weights("ae_tiny.safetensors");
    network = load_network<AutoEncoder>(autoencoder_config_from_json(weights.config()), weights.source(), *backend);
  }

  TestBackend backend;
  std::unique_ptr<AutoEncoder> network;
};

}  // namespace

TEST_CASE("pictures are encoded and decoded as the reference does it") {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    CAPTURE(name_of(dtype));
    TestBackend backend(dtype);
    const GoldenFile weights("ae_tiny.safetensors"), io("ae_tiny_io.safetensors");
    const AutoEncoderConfig config = autoencoder_config_from_json(weights.config());
    check_all_passed(verify_autoencoder(weights.source(), config, io.source(), *backend), {"z", "decoded", "decoded2"});
  }
}

TEST_CASE("latents are shifted before they are scaled, and are means") {
  LoadedTiny tiny;
  const GoldenFile io("ae_tiny_io.safetensors");
  const std::vector<float> stored = io.floats("in.image"), moments = io.floats("moments");
  std::vector<float> image(stored.size());
  const std::size_t pixels = 48 * 64, latent_pixels = 6 * 8;
  for (std::size_t i = 0; i < stored.size(); ++i) image[i % pixels * 3 + i / pixels] = stored[i];
  const std::vector<float> z = tiny.backend.download(tiny.network->encode(tiny.backend.upload(image, {48, 64, 3}), {}));
  REQUIRE(z.size() == 16 * latent_pixels);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double mean = moments[i % 16 * latent_pixels + i / 16];
    CHECK(std::abs(z[i] - 0.3611 * (mean - 0.1159)) < 5e-5);
  }
}

TEST_CASE("the published AutoEncoder fits the network tensor by tensor, in both spellings") {
  const Json names = read_golden_json("names_real.json");
  for (const char* spelling : {"vae_bfl", "vae_diffusers"}) {
    CAPTURE(spelling);
    const MemorySource source = published_checkpoint(*names.find(spelling));
    CHECK_NOTHROW(check_network<AutoEncoder>(AutoEncoderConfig{}, source));
    const AutoEncoderConfig config = autoencoder_config_from_tensors(source);
    CHECK(config.channels == AutoEncoderConfig{}.channels);
    CHECK(config.num_res_blocks == 2);
    CHECK(config.z_channels == 16);
  }
}

TEST_CASE("both spellings of a configuration are read") {
  const Json published = read_golden_json("configs.json");
  const AutoEncoderConfig reference =
      autoencoder_config_from_json(*published.find("flux-dev-kontext")->find("ae_params"));
  CHECK(reference.channels == std::vector<std::int64_t>{128, 256, 512, 512});
  CHECK(reference.downscale() == 8);
  Json json;
  json.set("block_out_channels", Json::Array{16, 32, 64, 64}).set("layers_per_block", 1).set("latent_channels", 16);
  json.set("norm_num_groups", 4).set("scaling_factor", 1.5).set("shift_factor", nullptr);
  const AutoEncoderConfig diffusers = autoencoder_config_from_json(json);
  CHECK(diffusers.num_res_blocks == 1);
  CHECK(diffusers.norm_num_groups == 4);
  CHECK(diffusers.scale_factor == 1.5);
  CHECK(diffusers.shift_factor == 0);
}

TEST_CASE("hostile configurations of an AutoEncoder are refused and the member is named") {
  const GoldenFile weights("ae_tiny.safetensors");
  const auto refused = [&](const char* member, Json value) {
    Json json = weights.config();
    json.set(member, std::move(value));
    return refusal_of([&] { autoencoder_config_from_json(json); });
  };
  CHECK(refused("ch", 1 << 20).code == "CONFIG_INVALID");
  CHECK(mentions(refused("ch", 33), "32 groups"));
  CHECK(mentions(refused("ch_mult", Json::Array{}), "ch_mult"));
  CHECK(mentions(refused("ch_mult", Json::Array{1, 2, 4, 4, 4, 4, 4}), "ch_mult"));
  CHECK(mentions(refused("z_channels", 0), "z_channels"));
  CHECK(mentions(refused("scale_factor", 0), "scale_factor"));
  CHECK(mentions(refused("in_channels", 4), "in_channels"));
}

TEST_CASE("pictures and latents that do not fit are refused") {
  LoadedTiny tiny;
  const auto code_of = [&](const Shape& shape, bool encode) {
    const std::vector<float> zeros(static_cast<std::size_t>(shape.element_count()));
    const Tensor x = tiny.backend.upload(zeros, shape);
    return refusal_of([&] { encode ? tiny.network->encode(x, {}) : tiny.network->decode(x, {}); }).code;
  };
  CHECK(code_of({12, 16, 3}, true) == codes::kInvalidValue);
  CHECK(code_of({16, 16, 4}, true) == codes::kInvalidValue);
  CHECK(code_of({2, 2, 4}, false) == codes::kInvalidValue);
}

TEST_CASE("encoding and decoding stop when they are asked to, and leave their input as it was") {
  LoadedTiny tiny;
  const std::vector<float> zeros(2 * 2 * 16);
  const Tensor z = tiny.backend.upload(zeros, {2, 2, 16});
  tiny.network->decode(z, {});
  CHECK(tiny.backend.download(z) == zeros);
  const StopToken stop;
  stop.request_stop();
  CHECK(refusal_of([&] { tiny.network->decode(z, stop); }).code == codes::kCancelled);
}
