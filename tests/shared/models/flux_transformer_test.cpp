#include "shared/models/flux_transformer.h"

#include <doctest/doctest.h>

#include "shared/verify/verify_networks.h"
#include "shared/weights/source_views.h"
#include "tests/shared/models/refusal.h"
#include "tests/support/close_to.h"
#include "tests/support/golden_file.h"
#include "tests/support/test_backend.h"
#include "tests/support/verify_cases.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::vector<CheckResult> run_golden(const std::string& weights, const std::string& io, DType dtype) {
  TestBackend backend(dtype);
  const GoldenFile weights_file(weights), io_file(io);
  return verify_transformer(weights_file.source(), flux_config_from_json(weights_file.config()), io_file.source(),
                            *backend);
}

struct LoadedTiny {
  explicit LoadedTiny(DType dtype = DType::f32) : backend(dtype) {
    const GoldenFile weights("flux_dev_tiny.safetensors");
    network = load_network<FluxTransformer>(flux_config_from_json(weights.config()), weights.source(), *backend);
  }

  /// Inputs of the golden denoising loop.
  FluxConditioning conditioning() {
    FluxConditioning result;
    result.txt = backend.upload(loop.floats("in.txt"), {8, 48});
    result.vec = backend.upload(loop.floats("in.vec"), {1, 32});
    result.guidance = loop.floats("in.guidance")[0];
    result.timesteps = loop.floats("in.timesteps");
    result.timesteps.pop_back();  // the end, where nothing is predicted
    result.noise_ids = loop.floats("in.img_ids");
    result.references = backend.upload(loop.floats("in.img_cond_seq"), {20, 64});
    result.reference_ids = loop.floats("in.img_cond_seq_ids");
    return result;
  }

  GoldenFile loop{"denoise_loop.safetensors"};
  TestBackend backend;
  std::unique_ptr<FluxTransformer> network;
};

}  // namespace

TEST_CASE("the transformer computes what the reference computes, block by block") {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    CAPTURE(name_of(dtype));
    const auto results = run_golden("flux_dev_tiny.safetensors", "flux_dev_tiny_io.safetensors", dtype);
    check_all_passed(results, {"out", "vec", "txt_in", "img_in", "double_blocks.1.img", "single_blocks.2"});
  }
}

TEST_CASE("the transformer without guidance computes what the reference computes") {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    CAPTURE(name_of(dtype));
    check_all_passed(run_golden("flux_schnell_tiny.safetensors", "flux_schnell_tiny_io.safetensors", dtype),
                     {"out", "double_blocks.0.txt", "single_blocks.0"});
  }
}

TEST_CASE("text stands before the pictures in the joint attention") {
  // The golden states after the single blocks are in that order; see verify_transformer.
  const auto results = run_golden("flux_dev_tiny.safetensors", "flux_dev_tiny_io.safetensors", DType::f32);
  check_all_passed(results, {"single_blocks.0", "single_blocks.1"});
}

TEST_CASE("shift comes before scale in the last layer, whichever way a checkpoint keeps them") {
  TestBackend backend;
  const GoldenFile io("flux_mini_io.safetensors"), reference("flux_mini.safetensors");
  const FluxConfig config = flux_config_from_json(reference.config());
  check_all_passed(verify_transformer(reference.source(), config, io.source(), *backend), {"out"});

  const std::string folder = "diffusers_mini/transformer/";
  const GoldenFile first(folder + "diffusion_pytorch_model-00001-of-00002.safetensors");
  const GoldenFile second(folder + "diffusion_pytorch_model-00002-of-00002.safetensors");
  const auto borrowed = [](const GoldenFile& file) {
    return std::shared_ptr<const TensorSource>(std::shared_ptr<void>(), &file.source());
  };
  const MergedSource diffusers({borrowed(first), borrowed(second)}, "diffusers_mini");
  const FluxConfig same = flux_config_from_json(read_golden_json(folder + "config.json"));
  check_all_passed(verify_transformer(diffusers, same, io.source(), *backend), {"out"});
}

TEST_CASE("all steps of a run are modulated at once, and the reference's denoising loop is followed") {
  LoadedTiny tiny;
  const FluxRun run = tiny.network->prepare(tiny.conditioning());
  const std::vector<float> times = tiny.loop.floats("in.timesteps");
  std::vector<float> img = tiny.loop.floats("in.img");
  for (std::size_t step = 0; step + 1 < times.size(); ++step) {
    const Tensor x = tiny.backend.upload(img, {24, 64});
    const std::vector<float> velocity = tiny.backend.download(tiny.network->forward(run, step, x, {}));
    for (std::size_t i = 0; i < img.size(); ++i) img[i] += (times[step + 1] - times[step]) * velocity[i];
    CAPTURE(step);
    CHECK(relative_rms(img, tiny.loop.floats("step" + std::to_string(step))) < 2e-4);
  }
}

TEST_CASE("a forward pass leaves the run as it was") {
  LoadedTiny tiny(DType::bf16);
  const FluxRun run = tiny.network->prepare(tiny.conditioning());
  const Tensor x = tiny.backend.upload(tiny.loop.floats("in.img"), {24, 64});
  const auto first = tiny.backend.download(tiny.network->forward(run, 1, x, {}));
  CHECK(tiny.backend.download(tiny.network->forward(run, 1, x, {})) == first);
}

TEST_CASE("a forward pass stops between blocks when it is asked to") {
  LoadedTiny tiny;
  const FluxRun run = tiny.network->prepare(tiny.conditioning());
  const Tensor x = tiny.backend.upload(tiny.loop.floats("in.img"), {24, 64});
  const StopToken stop;
  int blocks = 0;
  const FluxTrace stop_after_one = [&](const std::string& name, const Tensor&) {
    if (name == "double_blocks.0.img") stop.request_stop();
    if (name.find("_blocks") != std::string::npos) ++blocks;
  };
  CHECK(refusal_of([&] { tiny.network->forward(run, 0, x, stop, stop_after_one); }).code == codes::kCancelled);
  CHECK(blocks == 2);  // both streams of one block
}

TEST_CASE("inputs that do not fit the network are refused by name") {
  LoadedTiny tiny;
  const auto refused = [&](auto change) {
    FluxConditioning conditioning = tiny.conditioning();
    change(conditioning);
    const Error error = refusal_of([&] { tiny.network->prepare(conditioning); });
    CHECK(error.code == codes::kInvalidValue);
    return error;
  };
  CHECK(mentions(refused([&](auto& c) { c.txt = tiny.backend.upload({1, 2}, {1, 2}); }), "txt"));
  CHECK(mentions(refused([&](auto& c) { c.vec = Tensor(); }), "vec"));
  CHECK(mentions(refused([](auto& c) { c.timesteps.clear(); }), "timesteps"));
  CHECK(mentions(refused([](auto& c) { c.timesteps[0] = 1.5F; }), "timesteps"));
  CHECK(mentions(refused([](auto& c) { c.guidance = 1e9F; }), "guidance"));
  CHECK(mentions(refused([](auto& c) { c.noise_ids.pop_back(); }), "noise_ids"));
  CHECK(mentions(refused([](auto& c) { c.noise_ids[0] = 1e30F; }), "noise_ids"));
  CHECK(mentions(refused([](auto& c) { c.reference_ids.resize(3); }), "reference_ids"));
  const FluxRun run = tiny.network->prepare(tiny.conditioning());
  const Tensor x = tiny.backend.upload(tiny.loop.floats("in.img"), {24, 64});
  CHECK_THROWS_AS(tiny.network->forward(run, 0, x.rows(0, 3), {}), PalimpsestError);
  CHECK_THROWS_AS(tiny.network->forward(run, 4, x, {}), PalimpsestError);
}
