#include "shared/pipeline/denoise.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "shared/models/flux_transformer.h"
#include "shared/pipeline/latents.h"
#include "shared/portable/portable_backend.h"
#include "tests/support/close_to.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;

namespace {

Tensor upload(Backend& backend, const GoldenFile& file, const std::string& name) {
  const HostView& view = file.view(name);
  const Shape shape{view.shape[-2], view.shape[-1]};
  return backend.upload({view.dtype, shape, view.bytes}, DType::f32);
}

FluxConditioning golden_conditioning(Backend& backend, const GoldenFile& file) {
  FluxConditioning conditioning;
  conditioning.txt = upload(backend, file, "in.txt");
  conditioning.vec = upload(backend, file, "in.vec");
  conditioning.guidance = file.floats("in.guidance")[0];
  conditioning.timesteps = file.floats("in.timesteps");
  conditioning.timesteps.pop_back();
  conditioning.noise_ids = file.floats("in.img_ids");
  conditioning.references = upload(backend, file, "in.img_cond_seq");
  conditioning.reference_ids = file.floats("in.img_cond_seq_ids");
  return conditioning;
}

}  // namespace

TEST_CASE("four steps with a reference picture go where the reference implementation goes") {
  const GoldenFile file("denoise_loop.safetensors"), weights("flux_dev_tiny.safetensors");
  SerialParallel serial;
  PortableBackend backend(serial, DType::f32);
  const auto network =
      load_network<FluxTransformer>(flux_config_from_json(weights.config()), weights.source(), backend);
  const FluxRun run = network->prepare(golden_conditioning(backend, file));

  std::vector<float> x = file.floats("in.img");
  std::vector<std::vector<float>> states;  // before each step
  const auto velocity = [&](std::span<const float> now, std::size_t step) {
    const Tensor v = network->forward(run, step, backend.upload(view_of(now, {24, 64}), DType::f32), StopToken());
    std::vector<float> values(now.size());
    backend.download(v, values);
    return values;
  };
  denoise(x, file.floats("in.timesteps"), velocity,
          [&](const EulerStep& step) { states.emplace_back(step.x.begin(), step.x.end()); });

  // The float32 reference itself is 1.4e-5 off the float64 result; guidance resolves to ten times that.
  constexpr double kTolerance = 2e-4;
  states.push_back(x);
  REQUIRE(states.size() == 5);
  for (std::size_t step = 0; step < 4; ++step) {
    CAPTURE(step);
    CHECK(relative_rms(states[step + 1], file.floats("step" + std::to_string(step))) < kTolerance);
  }
  CHECK(relative_rms(x, file.floats("out")) < kTolerance);
  const Latents want = from_channels_first(file.floats("out_unpacked"), 12, 8, 16);
  CHECK(relative_rms(unpack(x, 12, 8, 16).values, want.values) < kTolerance);
}

TEST_CASE("a constant velocity is followed by exactly the time between the ends") {
  std::vector<float> x = {1.0F, -2.0F};
  const std::array<float, 3> times = {1.0F, 0.5F, 0.0F};
  std::vector<float> seen;
  denoise(
      x, times,
      [](std::span<const float>, std::size_t) {
        return std::vector<float>{2.0F, 4.0F};
      },
      [&](const EulerStep& step) { seen.push_back(step.t); });
  CHECK(x == std::vector<float>{-1.0F, -6.0F});
  CHECK(seen == std::vector<float>{1.0F, 0.5F});
}

TEST_CASE("a velocity that is not finite, or of another size, is an error that names the step") {
  const std::array<float, 3> times = {1.0F, 0.5F, 0.0F};
  const auto message_of = [&](const std::vector<float>& second_velocity) {
    std::vector<float> x = {0.0F};
    const auto velocity = [&](std::span<const float>, std::size_t step) {
      return step == 0 ? std::vector<float>{0.0F} : second_velocity;
    };
    try {
      denoise(x, times, velocity, [](const EulerStep&) {});
    } catch (const PalimpsestError& problem) {
      CHECK(problem.error().code == codes::kInternal);
      return problem.error().message;
    }
    return std::string();
  };
  CHECK(message_of({std::numeric_limits<float>::quiet_NaN()}).find("step 2") != std::string::npos);
  CHECK(message_of({std::numeric_limits<float>::infinity()}).find("not finite") != std::string::npos);
  CHECK(message_of({0.0F, 0.0F}).find("2 values instead of 1") != std::string::npos);
}

TEST_CASE("classifier-free guidance goes from the negative prediction through the positive one") {
  std::vector<float> positive = {1.0F, 2.0F};
  apply_true_cfg(positive, std::array{0.0F, 4.0F}, 2.0);
  CHECK(positive == std::vector<float>{2.0F, 0.0F});
}
