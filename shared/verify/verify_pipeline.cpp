#include "shared/verify/verify_pipeline.h"

#include <string>

#include "shared/api/size.h"
#include "shared/image/compare.h"
#include "shared/image/fit.h"
#include "shared/models/autoencoder.h"
#include "shared/models/flux_transformer.h"
#include "shared/pipeline/denoise.h"
#include "shared/pipeline/latents.h"
#include "shared/pipeline/noise.h"
#include "shared/pipeline/pixels.h"
#include "shared/verify/golden_values.h"

namespace palimpsest {
namespace {

/// A golden tensor [1, rows, columns] on the backend, without its batch axis.
Tensor rows_of(const TensorSource& golden, const std::string& name, Backend& backend) {
  const Shape& shape = golden_view(golden, name).shape;
  if (shape.rank() != 3 || shape[0] != 1) fail("MODEL_ARCH_MISMATCH", name + " must be a batch of one matrix");
  const std::vector<float> values = golden_floats(golden, name);
  return backend.upload(view_of(values, {shape[1], shape[2]}), backend.compute_dtype());
}

FluxConditioning conditioning_of(const TensorSource& golden, const FluxConfig& config, Backend& backend) {
  FluxConditioning conditioning;
  conditioning.txt = rows_of(golden, "in.txt", backend);
  const std::vector<float> vec = golden_floats(golden, "in.vec");
  conditioning.vec = backend.upload(view_of(vec, {1, static_cast<std::int64_t>(vec.size())}), DType::f32);
  if (config.guidance_embed) conditioning.guidance = golden_floats(golden, "in.guidance").at(0);
  conditioning.timesteps = golden_floats(golden, "in.timesteps");
  conditioning.noise_ids = golden_floats(golden, "in.img_ids");
  conditioning.references = rows_of(golden, "in.img_cond_seq", backend);
  conditioning.reference_ids = golden_floats(golden, "in.img_cond_seq_ids");
  return conditioning;
}

std::vector<ImageSize> preferred_sizes(const TensorSource& golden) {
  const auto sides = stored_values<std::int32_t>(golden, "in.preferred", DType::i32);
  std::vector<ImageSize> sizes;
  for (std::size_t i = 0; i + 1 < sides.size(); i += 2) sizes.push_back({sides[i], sides[i + 1]});
  if (sizes.empty()) fail("MODEL_ARCH_MISMATCH", "in.preferred has no size");
  return sizes;
}

std::vector<float> ids_of(ImageSize size, std::int64_t index) {
  std::vector<float> ids;
  append_ids({size.height / kPixelsPerToken, size.width / kPixelsPerToken, index, 0, 0}, ids);
  return ids;
}

}  // namespace

std::vector<CheckResult> verify_denoise_loop(const TensorSource& weights, const FluxConfig& config,
                                             const TensorSource& golden, Backend& backend) {
  const auto network = load_network<FluxTransformer>(config, weights, backend);
  const FluxConditioning conditioning = conditioning_of(golden, config, backend);
  const FluxRun run = network->prepare(conditioning);
  std::vector<float> x = golden_floats(golden, "in.img");
  const std::int64_t tokens = run.noise_tokens;
  // The reference's own bf16 run of one step differs by up to 1.2e-2; the loop adds four of them.
  const Tolerance tolerance{backend.compute_dtype() == DType::bf16 ? 5e-2 : 2e-4, 0};
  std::vector<CheckResult> results;
  const VelocityFunction velocity = [&](std::span<const float> now, std::size_t step) {
    const Tensor img = backend.upload(view_of(now, {tokens, config.in_channels}), DType::f32);
    return backend.to_host(network->forward(run, step, img, {}));
  };
  std::vector<std::vector<float>> starts;  // of the steps: each but the first is the result of the one before
  denoise(x, conditioning.timesteps, velocity,
          [&](const EulerStep& step) { starts.emplace_back(step.x.begin(), step.x.end()); });
  for (std::size_t i = 1; i < starts.size(); ++i) {
    const std::string name = "step" + std::to_string(i - 1);
    if (golden.find(name) != nullptr) compare("loop", name, starts[i], golden_floats(golden, name), tolerance, results);
  }
  compare("loop", "out", x, golden_floats(golden, "out"), tolerance, results);
  return results;
}

std::vector<CheckResult> verify_prepare(const TensorSource& weights, const AutoEncoderConfig& config,
                                        const TensorSource& golden, Backend& backend) {
  const auto autoencoder = load_network<AutoEncoder>(config, weights, backend);
  const Image image = golden_image(golden, "in.image_u8");
  const ImageSize size = nearest_in_ratio(image.size(), preferred_sizes(golden));
  const Image fitted = fit_image(image, size, Fit::stretch);
  std::vector<CheckResult> results;
  const Result<ImageDifference> difference = compare(fitted, golden_image(golden, "img_cond_resized_u8"));
  const double largest = difference ? difference->largest : 255;
  results.push_back({"prepare", "resized, largest level", largest, 1, largest <= 1});

  const std::vector<float> pixels = to_unit_range(fitted);
  const Tensor encoded =
      autoencoder->encode(backend.upload(view_of(pixels, {size.height, size.width, 3}), backend.compute_dtype()), {});
  const Latents latents{encoded.shape()[0], encoded.shape()[1], encoded.shape()[2], backend.to_host(encoded)};
  const bool bf16 = backend.compute_dtype() == DType::bf16;
  compare("prepare", "reference tokens", pack(latents), golden_floats(golden, "img_cond_seq_f32"),
          bf16 ? Tolerance{3e-2, 0} : Tolerance{0, 5e-5}, results);
  // Ids are small integers: any difference is a whole one.
  compare("prepare", "reference ids", ids_of(size, 1), golden_floats(golden, "img_cond_seq_ids"), {0, 1e-6}, results);
  compare("prepare", "ids", ids_of(size, 0), golden_floats(golden, "img_ids"), {0, 1e-6}, results);

  const auto seed = stored_values<std::int64_t>(golden, "in.seed", DType::i64).at(0);
  const std::size_t count = latents.values.size();
  const std::vector<float> noise = TorchCpuGenerator(static_cast<std::uint64_t>(seed)).normal(count, DType::bf16);
  const std::vector<float> tokens = pack(from_channels_first(noise, latents.height, latents.width, latents.channels));
  // One bf16 step at 4, beyond which no value of so few draws lies.
  compare("prepare", "noise", tokens, golden_floats(golden, "img"), {0, 1.0 / 64}, results);
  return results;
}

}  // namespace palimpsest
