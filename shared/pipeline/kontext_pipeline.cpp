#include "shared/pipeline/kontext_pipeline.h"

#include <chrono>
#include <optional>
#include <utility>

#include "shared/image/resize.h"
#include "shared/pipeline/denoise.h"
#include "shared/pipeline/inpainting.h"
#include "shared/pipeline/noise.h"
#include "shared/pipeline/pixels.h"
#include "shared/pipeline/request_warnings.h"

namespace palimpsest {
namespace {

using Clock = std::chrono::steady_clock;

/// Adds the seconds that it lives to a sum.
class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), start_(Clock::now()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { lap(); }

  /// Adds what has passed already.
  void lap() {
    const auto now = Clock::now();
    sum_ += std::chrono::duration<double>(now - start_).count();
    start_ = now;
  }

 private:
  double& sum_;
  Clock::time_point start_;
};

std::vector<float> draw_noise(Rng rng, std::uint64_t seed, std::size_t count) {
  if (rng == Rng::philox) return philox_normal(seed, count);
  return TorchCpuGenerator(seed).normal(count, rng == Rng::torch_cpu_bf16 ? DType::bf16 : DType::f32);
}

void throw_first_problem(const ImageRequest& request) {
  const std::vector<Error> problems = validate(request);
  if (!problems.empty()) throw PalimpsestError(problems.front());
}

void require_equal(const std::string& what, std::int64_t value, const std::string& member, std::int64_t expected) {
  if (value == expected) return;
  fail("CONFIG_INVALID", "the " + what + " is " + std::to_string(value) + ", but the transformer's " + member + " is " +
                             std::to_string(expected));
}

}  // namespace

/// One request on its way: what its steps share.
class KontextPipeline::Run {
 public:
  Run(KontextPipeline& pipeline, const ImageRequest& request, const ProgressCallback& progress, const StopToken& stop)
      : pipeline_(pipeline), request_(request), progress_(progress), stop_(stop) {
    result_.plan = pipeline.plan(request);
    result_.steps = request.steps.value_or(pipeline.settings_.steps);
    result_.guidance = request.guidance.value_or(pipeline.settings_.guidance);
    grid_ = {result_.plan.render.height / kPixelsPerToken, result_.plan.render.width / kPixelsPerToken, 0, 0, 0};
    result_.noise_tokens = grid_.token_count();
  }

  PipelineResult finish() && {
    const std::uint64_t seed = request_.seed ? *request_.seed : random_seed();
    result_.warnings = request_warnings(request_, result_.plan, pipeline_.transformer_config().guidance_embed, seed);
    condition();
    for (std::int64_t i = 0; i < request_.n; ++i) {
      const std::uint64_t own_seed = seed + static_cast<std::uint64_t>(i);  // modulo 2^64
      result_.images.push_back({draw(i, own_seed), own_seed});
    }
    return std::move(result_);
  }

 private:
  bool uses_true_cfg() const { return request_.true_cfg_scale > 1 && !request_.negative_prompt.empty(); }

  /// Everything that all pictures and steps share: text, references, modulation.
  void condition() {
    const auto text = encode_text("prompt", request_.prompt);
    const auto negative = uses_true_cfg() ? encode_text("negative_prompt", request_.negative_prompt) : nullptr;
    result_.text_tokens = text->txt.shape()[0];
    const ReferenceTokens references = encode_references();
    if (request_.mask) prepare_mask();
    result_.reference_tokens = static_cast<std::int64_t>(references.ids.size() / 3);

    const Stopwatch stopwatch(result_.seconds.denoise);
    times_ = sampling_times(pipeline_.settings_.schedule, static_cast<int>(result_.steps), result_.noise_tokens);
    positive_ = prepare(*text, references);
    if (negative) negative_ = prepare(*negative, references);
  }

  std::shared_ptr<const TextConditioning> encode_text(const std::string& field, const std::string& prompt) {
    const Stopwatch stopwatch(result_.seconds.encode_text);
    report({Phase::encode_text, 0, request_.n, 0, 0, -1, {}});
    auto text = pipeline_.text_.encode(prompt, stop_);
    for (const std::string& warning : text->warnings) result_.warnings.push_back(field + " " + warning);
    return text;
  }

  ReferenceTokens encode_references() {
    if (request_.images.empty()) return {};
    const Stopwatch stopwatch(result_.seconds.encode_image);
    report({Phase::encode_image, 0, request_.n, 0, 0, -1, {}});
    return pipeline_.references_.encode(request_.images, result_.plan.references, stop_);
  }

  /// The first picture in the size that is drawn, and how much of it stays.
  void prepare_mask() {
    const Stopwatch stopwatch(result_.seconds.encode_image);
    const Image& image = request_.images.front();
    const ImageSize render = result_.plan.render;
    kept_ = pipeline_.references_.encode({image}, {{image.size(), render, request_.fit}}, stop_).tokens;
    kept_weights_ =
        token_weights(keep_weights(*request_.mask, render, request_.fit), pipeline_.autoencoder_->config().z_channels);
  }

  FluxRun prepare(const TextConditioning& text, const ReferenceTokens& references) const {
    FluxConditioning conditioning;
    conditioning.txt = text.txt;
    conditioning.vec = text.vec;
    conditioning.guidance = static_cast<float>(result_.guidance);
    conditioning.timesteps.assign(times_.begin(), times_.end() - 1);
    append_ids(grid_, conditioning.noise_ids);
    if (result_.reference_tokens > 0) {
      const Shape shape{result_.reference_tokens, pipeline_.transformer_config().in_channels};
      conditioning.references =
          pipeline_.backend_.upload(view_of(references.tokens, shape), pipeline_.backend_.compute_dtype());
      conditioning.reference_ids = references.ids;
    }
    return pipeline_.transformer_->prepare(conditioning);
  }

  Image draw(std::int64_t picture, std::uint64_t seed) {
    const std::int64_t channels = pipeline_.autoencoder_->config().z_channels;
    const std::int64_t height = 2 * grid_.rows, width = 2 * grid_.columns;
    const auto count = static_cast<std::size_t>(channels * height * width);
    std::vector<float> x = pack(from_channels_first(draw_noise(request_.rng, seed, count), height, width, channels));
    if (request_.mask) noise_ = x;

    follow_flow(x, picture);
    return decode(unpack(x, height, width, channels), picture);
  }

  void follow_flow(std::vector<float>& x, std::int64_t picture) {
    Stopwatch stopwatch(result_.seconds.denoise);
    report_step(picture, 0, {});
    const auto after_step = [&](const EulerStep& step) {
      stopwatch.lap();
      report_step(picture, static_cast<std::int64_t>(step.step) + 1, preview_of(step));
    };
    denoise(
        x, times_, [&](std::span<const float> now, std::size_t step) { return velocity(now, step); }, after_step);
  }

  std::vector<float> velocity(std::span<const float> x, std::size_t step) const {
    Backend& backend = pipeline_.backend_;
    const Tensor img = backend.upload(view_of(x, {result_.noise_tokens, pipeline_.transformer_config().in_channels}),
                                      backend.compute_dtype());
    std::vector<float> v = backend.to_host(pipeline_.transformer_->forward(positive_, step, img, stop_));
    if (negative_) {
      apply_true_cfg(v, backend.to_host(pipeline_.transformer_->forward(*negative_, step, img, stop_)),
                     request_.true_cfg_scale);
    }
    if (request_.mask) keep_on_course(v, noise_, kept_, kept_weights_);
    return v;
  }

  std::function<Image()> preview_of(const EulerStep& step) const {
    if (pipeline_.autoencoder_->config().z_channels != 16) return {};  // there are factors for 16 channels only
    return [this, step] {
      const std::vector<float> clean = clean_estimate(step.x, step.velocity, step.t);
      return preview(unpack(clean, 2 * grid_.rows, 2 * grid_.columns, 16), pipeline_.settings_.preview_factors);
    };
  }

  Image decode(const Latents& latents, std::int64_t picture) {
    const Stopwatch stopwatch(result_.seconds.decode);
    report({Phase::decode, picture, request_.n, 0, 0, seconds_left(picture, result_.steps), {}});
    Backend& backend = pipeline_.backend_;
    const Tensor z = backend.upload(view_of(latents.values, {latents.height, latents.width, latents.channels}),
                                    backend.compute_dtype());
    Image image = from_unit_range(backend.to_host(pipeline_.autoencoder_->decode(z, stop_)), result_.plan.render);
    if (result_.plan.is_scaled()) image = resize(image, result_.plan.output);
    return request_.mask ? with_kept_pixels(image) : image;
  }

  Image with_kept_pixels(const Image& image) const {
    const Image input = fit_image(to_rgb(request_.images.front()), image.size(), request_.fit);
    return keep_pixels(image, input, keep_weights(*request_.mask, image.size(), request_.fit));
  }

  void report(const Progress& progress) const {
    if (progress_) progress_(progress);
  }

  void report_step(std::int64_t picture, std::int64_t step, std::function<Image()> preview) const {
    report({Phase::denoise, picture, request_.n, step, result_.steps, seconds_left(picture, step), std::move(preview)});
  }

  /// From the mean time of the steps and decodings so far; unknown before the first step.
  double seconds_left(std::int64_t picture, std::int64_t step) const {
    const std::int64_t done = picture * result_.steps + step;
    if (done == 0) return -1;
    const double of_step = result_.seconds.denoise / static_cast<double>(done);
    const double of_decoding = picture > 0 ? result_.seconds.decode / static_cast<double>(picture) : 0;
    return of_step * static_cast<double>(request_.n * result_.steps - done) +
           of_decoding * static_cast<double>(request_.n - picture);
  }

  KontextPipeline& pipeline_;
  const ImageRequest& request_;
  const ProgressCallback& progress_;
  const StopToken& stop_;
  PipelineResult result_;
  TokenGrid grid_;
  std::vector<float> times_;
  std::vector<float> kept_, kept_weights_, noise_;  // with a mask: one value for each of x
  FluxRun positive_;
  std::optional<FluxRun> negative_;
};

KontextPipeline::KontextPipeline(Parts parts, Backend& backend)
    : settings_(parts.settings),
      backend_(backend),
      transformer_(std::move(parts.transformer)),
      autoencoder_(std::move(parts.autoencoder)),
      text_(std::move(parts.text), settings_.text_tokens),
      references_(*autoencoder_, backend) {
  const FluxConfig& flux = transformer_->config();
  const std::int64_t token_features = 4 * autoencoder_->config().z_channels;
  require_equal("features of a token of the AutoEncoder's latents", token_features, "in_channels", flux.in_channels);
  require_equal("features of a token of the AutoEncoder's latents", token_features, "out_channels", flux.out_channels);
  require_equal("width of the T5 encoder", text_.txt_width(), "context_in_dim", flux.context_in_dim);
  require_equal("width of the CLIP text encoder", text_.vec_width(), "vec_in_dim", flux.vec_in_dim);
  if (autoencoder_->config().downscale() != kPixelsPerLatent)
    fail("CONFIG_INVALID", "the AutoEncoder does not shrink pictures by " + std::to_string(kPixelsPerLatent));
}

PipelineResult KontextPipeline::run(const ImageRequest& request, const ProgressCallback& progress,
                                    const StopToken& stop) {
  throw_first_problem(request);
  return Run(*this, request, progress, stop).finish();
}

}  // namespace palimpsest
