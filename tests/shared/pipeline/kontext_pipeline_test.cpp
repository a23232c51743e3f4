#include "shared/pipeline/kontext_pipeline.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/shared/pipeline/nano_pipeline.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

// Loading takes longer than a step, so all cases share one pipeline; requests leave nothing behind but caches.
NanoPipeline& nano() {
  static NanoPipeline pipeline;
  return pipeline;
}

ImageRequest small_request() {
  ImageRequest request;
  request.prompt = "a red house at night";
  request.seed = 7;
  request.steps = 2;
  return request;
}

ImageRequest small_edit() {
  ImageRequest request = small_request();
  request.prompt = "make the house blue";
  Image picture({40, 30}, 3);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(i * 7);
  request.images = {picture};
  return request;
}

Image draw(const ImageRequest& request) {
  return nano()->run(request).images.at(0).image;
}

bool any_contains(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const auto& text) { return text.find(part) != std::string::npos; });
}

template <typename Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const PalimpsestError& problem) {
    return problem.error();
  }
  return {"none", "", "", 0};
}

}  // namespace

TEST_CASE("the same request gives the same bytes, another seed others") {
  ImageRequest request = small_request();
  const Image first = draw(request);
  CHECK(first.size() == ImageSize{128, 128});
  CHECK(draw(request) == first);
  request.seed = 8;
  CHECK_FALSE(draw(request) == first);
}

TEST_CASE("picture i of several is the picture of seed + i, beyond the largest seed too") {
  ImageRequest request = small_request();
  request.seed = UINT64_MAX;
  request.n = 2;
  const PipelineResult both = nano()->run(request);
  REQUIRE(both.images.size() == 2);
  CHECK(both.images[0].seed == UINT64_MAX);
  CHECK(both.images[1].seed == 0);
  request.n = 1;
  request.seed = 0;
  CHECK(draw(request) == both.images[1].image);
}

TEST_CASE("a request without a seed says which one it drew, and that one gives the picture again") {
  ImageRequest request = small_request();
  request.seed.reset();
  const PipelineResult result = nano()->run(request);
  request.seed = result.images[0].seed;
  CHECK(draw(request) == result.images[0].image);
}

TEST_CASE("a reference picture and the way it is fitted change the result") {
  ImageRequest edit = small_edit();
  const PipelineResult stretched = nano()->run(edit);
  CHECK(stretched.reference_tokens == 64);
  CHECK(stretched.noise_tokens == 64);
  edit.fit = Fit::crop;
  CHECK_FALSE(draw(edit) == stretched.images[0].image);
  edit.images.clear();
  CHECK_FALSE(draw(edit) == stretched.images[0].image);
}

TEST_CASE("an edit with a mask changes what is transparent and leaves all else as it was, to the level") {
  ImageRequest edit = small_edit();
  Image picture({128, 128}, 3);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      std::uint8_t* pixel = picture.row(y) + 3 * x;
      pixel[0] = static_cast<std::uint8_t>(2 * x);
      pixel[1] = static_cast<std::uint8_t>(2 * y);
      pixel[2] = 90;
    }
  }
  Image mask({128, 128}, 4);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) mask.row(y)[4 * x + 3] = x < 64 ? 255 : 0;
  }
  edit.images = {picture};
  edit.mask = mask;
  Image last_preview;
  const Image result = nano()
                           ->run(edit,
                                 [&](const Progress& progress) {
                                   if (progress.preview) last_preview = progress.preview();
                                 })
                           .images.at(0)
                           .image;
  REQUIRE(result.size() == picture.size());
  int changed = 0;
  for (int y = 0; y < 128; ++y) {
    CHECK(std::equal(result.row(y), result.row(y) + std::ptrdiff_t{3} * 64, picture.row(y)));
    for (int i = 3 * 64; i < 3 * 128; ++i) changed += result.row(y)[i] != picture.row(y)[i] ? 1 : 0;
  }
  CHECK(changed > 3 * 64 * 128 / 2);
  // Latents that are kept arrive where the reference is, whatever the network says: another seed changes nothing there.
  edit.seed = 99;
  Image other_preview;
  nano()->run(edit, [&](const Progress& progress) {
    if (progress.preview) other_preview = progress.preview();
  });
  REQUIRE(last_preview.size() == ImageSize{16, 16});
  CHECK_FALSE(last_preview == other_preview);
  for (int y = 0; y < 16; ++y) {
    for (int i = 0; i < 3 * 7; ++i) CHECK(std::abs(last_preview.row(y)[i] - other_preview.row(y)[i]) <= 1);
  }
}

TEST_CASE("a mask of another size, without transparency or without a picture is refused") {
  ImageRequest edit = small_edit();
  edit.mask = Image({40, 31}, 4);
  CHECK(error_of([&] { nano()->run(edit); }).message == "mask is 40x31 and image 40x30; they must have the same size");
  edit.mask = Image({40, 30}, 3);
  CHECK(error_of([&] { nano()->run(edit); }).param == "mask");
  edit.mask = Image({40, 30}, 4);
  edit.images.clear();
  CHECK(error_of([&] { nano()->run(edit); }).param == "mask");
}

TEST_CASE("each kind of noise gives another picture") {
  ImageRequest request = small_request();
  const Image philox = draw(request);
  request.rng = Rng::torch_cpu;
  const Image torch = draw(request);
  request.rng = Rng::torch_cpu_bf16;
  const Image torch_bf16 = draw(request);
  CHECK_FALSE(philox == torch);
  CHECK_FALSE(torch == torch_bf16);
}

TEST_CASE("guidance against the prompt itself changes nothing, against another it does") {
  ImageRequest request = small_request();
  const Image plain = draw(request);
  request.true_cfg_scale = 3;
  request.negative_prompt = request.prompt;
  CHECK(draw(request) == plain);  // v + 3·(v - v) is v to the bit
  request.negative_prompt = "a blue cat";
  CHECK_FALSE(draw(request) == plain);
}

TEST_CASE("text encoders and the AutoEncoder run once for the same prompt and picture") {
  const ImageRequest edit = small_edit();
  const auto runs_of = [&] {
    const std::int64_t before = nano().parallel().runs;
    const Image image = draw(edit);
    return nano().parallel().runs - before;
  };
  ImageRequest other = edit;
  other.prompt = "make it day";
  other.images[0].pixels[0] ^= 255U;
  draw(other);
  draw(edit);
  const std::int64_t warm = runs_of();
  NanoPipeline fresh;
  const std::int64_t before = fresh.parallel().runs;
  const Image image = fresh->run(edit).images[0].image;
  CHECK(fresh.parallel().runs - before > warm);
  CHECK(image == draw(edit));
}

TEST_CASE("progress goes through all phases and steps, with a preview behind each step") {
  ImageRequest edit = small_edit();
  edit.n = 2;
  std::vector<std::string> seen;
  ImageSize preview_size;
  nano()->run(edit, [&](const Progress& progress) {
    seen.push_back(std::string(name_of(progress.phase)) + " " + std::to_string(progress.picture) + " " +
                   std::to_string(progress.step));
    CHECK(progress.pictures == 2);
    CHECK(static_cast<bool>(progress.preview) == (progress.step > 0));
    if (progress.step > 0) CHECK(progress.seconds_left >= 0);
    if (progress.preview) preview_size = progress.preview().size();
  });
  CHECK(seen == std::vector<std::string>{"encode_text 0 0", "encode_image 0 0", "denoise 0 0", "denoise 0 1",
                                         "denoise 0 2", "decode 0 0", "denoise 1 0", "denoise 1 1", "denoise 1 2",
                                         "decode 1 0"});
  CHECK(preview_size == ImageSize{16, 16});
}

TEST_CASE("a stop is noticed before the step is over") {
  const ImageRequest request = small_request();
  CountingParallel& parallel = nano().parallel();
  std::int64_t first_step_begin = 0, first_step_runs = 0;
  nano()->run(request, [&](const Progress& progress) {
    if (progress.phase != Phase::denoise) return;
    if (progress.step == 0) first_step_begin = parallel.runs;
    if (progress.step == 1) first_step_runs = parallel.runs - first_step_begin;
  });

  StopToken stop;
  std::int64_t stopped_at = 0;
  const Error error = error_of([&] {
    nano()->run(
        request,
        [&](const Progress& progress) {
          if (progress.phase != Phase::denoise) return;
          parallel.before_run = [&, at = parallel.runs + 2] {
            if (parallel.runs != at) return;
            stop.request_stop();
            stopped_at = at;
          };
        },
        stop);
  });
  parallel.before_run = {};
  CHECK(error.code == codes::kCancelled);
  CHECK(stopped_at > 0);
  CHECK(parallel.runs - stopped_at < first_step_runs / 2);  // six blocks make a step; one of them may still end
}

TEST_CASE("what the progress callback throws ends the request") {
  CHECK_THROWS_AS(nano()->run(small_request(), [](const Progress&) { throw std::runtime_error("enough"); }),
                  std::runtime_error);
}

TEST_CASE("a checkpoint of one size scales its result to the size asked for and says so") {
  ImageRequest request = small_request();
  request.size = ImageSize{512, 256};
  const PipelineResult result = nano()->run(request);
  CHECK(result.images[0].image.size() == ImageSize{512, 256});
  CHECK(result.plan.render == ImageSize{128, 128});
  CHECK(any_contains(result.warnings, "draws 128x128 only; the result was scaled to 512x256"));
}

TEST_CASE("what is cut off a prompt, and words without tokens, are quoted in a warning") {
  ImageRequest request = small_request();
  for (int i = 0; i < 40; ++i) request.prompt += " and a red house";
  request.prompt += " \xE7\x8C\xAB";
  const std::vector<std::string> warnings = nano()->run(request).warnings;
  CHECK(any_contains(warnings, "prompt is longer than the 63 tokens that the T5 encoder reads; cut off: '"));
  CHECK(any_contains(warnings, "prompt is longer than the 75 tokens that the CLIP encoder reads"));
  CHECK(any_contains(warnings, "prompt has words that the T5 encoder has no tokens for: '\xE7\x8C\xAB'"));
  CHECK(nano()->run(small_request()).warnings.empty());
}

TEST_CASE("a request out of range is refused before anything runs") {
  ImageRequest request = small_request();
  request.steps = 0;
  const std::int64_t before = nano().parallel().runs;
  const Error error = error_of([&] { nano()->run(request); });
  CHECK(error.code == codes::kInvalidValue);
  CHECK(error.param == "steps");
  CHECK(nano().parallel().runs == before);
}

TEST_CASE("the time of every phase that ran is in the result") {
  const PhaseSeconds seconds = nano()->run(small_edit()).seconds;
  CHECK(seconds.denoise > 0);
  CHECK(seconds.decode > 0);
  CHECK(seconds.total() >= seconds.denoise + seconds.decode);
}
