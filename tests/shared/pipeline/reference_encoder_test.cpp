#include "shared/pipeline/reference_encoder.h"

#include <doctest/doctest.h>

#include "shared/image/fit.h"
#include "shared/pipeline/noise.h"
#include "shared/pipeline/pixels.h"
#include "shared/portable/portable_backend.h"
#include "tests/support/close_to.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;

namespace {

/// The reference's own preparation of a 50x41 picture for an AutoEncoder of random weights.
struct Prepared {
  Prepared() {
    const GoldenFile weights("ae_tiny.safetensors");
    autoencoder = load_network<AutoEncoder>(autoencoder_config_from_json(weights.config()), weights.source(), backend);
    picture.pixels = file.values<std::uint8_t>("in.image_u8");
  }

  GoldenFile file{"kontext_prepare.safetensors"};
  SerialParallel serial;
  PortableBackend backend{serial, DType::f32};
  std::unique_ptr<AutoEncoder> autoencoder;
  Image picture{{50, 41}, 3};
};

}  // namespace

TEST_CASE("a reference picture is brought to the size and the pixels of the reference implementation") {
  const Prepared prepared;
  std::vector<ImageSize> sizes;
  const auto sides = prepared.file.values<std::int32_t>("in.preferred");
  for (std::size_t i = 0; i < sides.size(); i += 2) sizes.push_back({sides[i], sides[i + 1]});
  const auto target = prepared.file.values<std::int32_t>("target_wh");
  const ImageSize size = nearest_in_ratio(prepared.picture.size(), sizes);
  CHECK(size == ImageSize{target[0], target[1]});

  const Image fitted = fit_image(prepared.picture, size, Fit::stretch);
  CHECK(fitted.pixels == prepared.file.values<std::uint8_t>("img_cond_resized_u8"));
  const Latents want = from_channels_first(prepared.file.floats("img_cond_orig"), 48, 64, 3);
  check_close(to_unit_range(fitted), want.values, 1e-6);
}

TEST_CASE("the tokens and ids of a reference picture are the reference implementation's") {
  Prepared prepared;
  ReferenceEncoder encoder(*prepared.autoencoder, prepared.backend);
  const ReferenceTokens got = encoder.encode({prepared.picture}, {{{50, 41}, {64, 48}, Fit::stretch}}, StopToken());
  check_close(got.tokens, prepared.file.floats("img_cond_seq_f32"), 5e-5);  // the AutoEncoder's own tolerance
  CHECK(got.ids == prepared.file.floats("img_cond_seq_ids"));
}

TEST_CASE("the noise of the reference implementation is drawn and packed to the bit, its ids are those of a grid") {
  const Prepared prepared;
  const auto seed = static_cast<std::uint64_t>(prepared.file.values<std::int64_t>("in.seed")[0]);
  const std::vector<float> noise = TorchCpuGenerator(seed).normal(std::size_t{16} * 6 * 8, DType::bf16);
  CHECK(pack(from_channels_first(noise, 6, 8, 16)) == prepared.file.floats("img"));
  std::vector<float> ids;
  append_ids({3, 4, 0, 0, 0}, ids);
  CHECK(ids == prepared.file.floats("img_ids"));
}

TEST_CASE("a picture that was encoded lately is not encoded again, one that differs in a sample is") {
  Prepared prepared;
  ReferenceEncoder encoder(*prepared.autoencoder, prepared.backend);
  const std::vector<SizePlan::Reference> plan = {{{50, 41}, {64, 48}, Fit::stretch}};
  const ReferenceTokens first = encoder.encode({prepared.picture}, plan, StopToken());
  StopToken stopped;
  stopped.request_stop();  // whatever runs a network now throws
  CHECK(encoder.encode({prepared.picture}, plan, stopped).tokens == first.tokens);
  Image other = prepared.picture;
  other.pixels[0] ^= 255U;
  CHECK_THROWS_AS(encoder.encode({other}, plan, stopped), PalimpsestError);
}

TEST_CASE("several references stand beside each other in the order given") {
  Prepared prepared;
  ReferenceEncoder encoder(*prepared.autoencoder, prepared.backend);
  const SizePlan::Reference plan = {{50, 41}, {64, 48}, Fit::stretch};
  const ReferenceTokens got = encoder.encode({prepared.picture, prepared.picture}, {plan, plan}, StopToken());
  std::vector<float> ids;
  for (const TokenGrid& grid : reference_grids(std::vector<ImageSize>{{64, 48}, {64, 48}})) append_ids(grid, ids);
  CHECK(got.ids == ids);
  const std::vector<float> first(got.tokens.begin(), got.tokens.begin() + 12 * 64);
  CHECK(first == std::vector<float>(got.tokens.begin() + 12 * 64, got.tokens.end()));
}
