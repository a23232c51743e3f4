#include "shared/models/flux_transformer.h"

#include <algorithm>
#include <cmath>

#include "shared/base/error.h"
#include "shared/models/flux_names.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kIdSize = 3;
constexpr float kMaxGuidance = 100, kMaxId = 100000;

[[noreturn]] void refuse(const std::string& problem) {
  fail(codes::kInvalidValue, "[FluxTransformer] " + problem);
}

void check_tokens(const char* what, const Tensor& tokens, std::int64_t width) {
  if (tokens.empty() || tokens.shape().rank() != 2 || tokens.shape()[0] < 1 || tokens.shape()[1] != width) {
    refuse(std::string(what) + " must be at least one row of " + std::to_string(width) + " features, not " +
           tokens.shape().to_string());
  }
}

void check_range(const char* what, std::span<const float> values, float limit) {
  for (const float value : values) {
    if (!(std::abs(value) <= limit)) refuse(std::string(what) + " must be within ±" + std::to_string(limit));
  }
}

void apply_silu(std::vector<float>& values) {
  for (float& value : values) value /= 1.0F + std::exp(-value);
}

}  // namespace

FluxTransformer::FluxTransformer(const FluxConfig& config, WeightLoader& weights)
    : config_(config),
      backend_(weights.backend()),
      img_in_(weights.linear("img_in", config.in_channels, {config.hidden_size})),
      txt_in_(weights.linear("txt_in", config.context_in_dim, {config.hidden_size})),
      time_in_(weights, "time_in", kTimestepEmbeddingSize, config.hidden_size),
      vector_in_(weights, "vector_in", config.vec_in_dim, config.hidden_size),
      final_layer_(config, weights) {
  if (config.guidance_embed) {
    guidance_in_.emplace_back(weights, "guidance_in", kTimestepEmbeddingSize, config.hidden_size);
  }
  for (std::int64_t i = 0; i < config.depth; ++i) double_blocks_.emplace_back(config, weights, i);
  for (std::int64_t i = 0; i < config.depth_single_blocks; ++i) single_blocks_.emplace_back(config, weights, i);
}

NameMap FluxTransformer::name_map(const FluxConfig&, const TensorSource& source) {
  return flux_name_map(source);
}

bool FluxTransformer::is_ignored(std::string_view) {
  return false;
}

void FluxTransformer::check(const FluxConditioning& conditioning) const {
  check_tokens("txt", conditioning.txt, config_.context_in_dim);
  check_tokens("vec", conditioning.vec, config_.vec_in_dim);
  if (conditioning.timesteps.empty()) refuse("timesteps must not be empty");
  check_range("timesteps", conditioning.timesteps, 1);
  check_range("guidance", {&conditioning.guidance, 1}, kMaxGuidance);
  if (conditioning.noise_ids.empty() || conditioning.noise_ids.size() % kIdSize != 0) {
    refuse("noise_ids must hold three values a token");
  }
  check_range("noise_ids", conditioning.noise_ids, kMaxId);
  check_range("reference_ids", conditioning.reference_ids, kMaxId);
  if (!conditioning.references.empty()) check_tokens("references", conditioning.references, config_.in_channels);
  const std::int64_t references = conditioning.references.empty() ? 0 : conditioning.references.shape()[0];
  if (static_cast<std::int64_t>(conditioning.reference_ids.size()) != references * kIdSize) {
    refuse("reference_ids must hold three values for each of the " + std::to_string(references) + " reference tokens");
  }
}

// One row a step. The sum and the activation are taken on the host: there they stay f32.
Tensor FluxTransformer::silu_vec(const FluxConditioning& conditioning, const FluxTrace& trace) const {
  const auto embedded = [&](const MlpEmbedder& embedder, std::span<const float> values) {
    const std::vector<float> waves = timestep_embedding(values);
    const Shape shape{static_cast<std::int64_t>(values.size()), kTimestepEmbeddingSize};
    return backend_->to_host(embedder.forward(*backend_, backend_->upload(view_of(waves, shape), DType::f32)));
  };
  std::vector<float> vec = embedded(time_in_, conditioning.timesteps);
  const auto add_to_every_step = [&](const std::vector<float>& row) {
    for (std::size_t i = 0; i < vec.size(); ++i) vec[i] += row[i % row.size()];
  };
  for (const MlpEmbedder& guidance_in : guidance_in_) {
    add_to_every_step(embedded(guidance_in, {&conditioning.guidance, 1}));
  }
  add_to_every_step(backend_->to_host(vector_in_.forward(*backend_, conditioning.vec)));
  const Shape shape{static_cast<std::int64_t>(conditioning.timesteps.size()), config_.hidden_size};
  if (trace) trace("vec", backend_->upload(view_of(vec, shape), DType::f32));
  apply_silu(vec);
  return backend_->upload(view_of(vec, shape), DType::f32);
}

Tensor FluxTransformer::rotation_table(const FluxConditioning& conditioning) const {
  // Text has the id (0, 0, 0): it is not rotated.
  std::vector<float> ids(static_cast<std::size_t>(conditioning.txt.shape()[0] * kIdSize), 0.0F);
  ids.insert(ids.end(), conditioning.reference_ids.begin(), conditioning.reference_ids.end());
  ids.insert(ids.end(), conditioning.noise_ids.begin(), conditioning.noise_ids.end());
  const std::vector<float> table = embed_nd(ids, config_.axes_dim, config_.theta);
  const auto tokens = static_cast<std::int64_t>(ids.size()) / kIdSize;
  return backend_->upload(view_of(table, {tokens, config_.head_dim() / 2, 2}), DType::f32);
}

FluxRun FluxTransformer::prepare(const FluxConditioning& conditioning, const FluxTrace& trace) const {
  check(conditioning);
  FluxRun run;
  run.text_tokens = conditioning.txt.shape()[0];
  run.noise_tokens = static_cast<std::int64_t>(conditioning.noise_ids.size()) / kIdSize;
  run.txt = backend_->linear(conditioning.txt, *txt_in_);
  if (!conditioning.references.empty()) {
    run.references = backend_->linear(conditioning.references, *img_in_);
    run.reference_tokens = run.references.shape()[0];
  }
  run.pe = rotation_table(conditioning);
  const Tensor silu = silu_vec(conditioning, trace);
  for (const DoubleStreamBlock& block : double_blocks_) run.double_tables.push_back(block.modulation(*backend_, silu));
  for (const SingleStreamBlock& block : single_blocks_) run.single_tables.push_back(block.modulation(*backend_, silu));
  run.last_table = final_layer_.modulation(*backend_, silu);
  return run;
}

// [text, references, noise]: unlike in the reference, the noise tokens are last, so that the last block can leave out
// all others as queries. Attention does not depend on the order of its tokens.
Tensor FluxTransformer::joined_tokens(const FluxRun& run, const Tensor& img) const {
  const std::int64_t before = run.text_tokens + run.reference_tokens;
  Tensor x = backend_->allocate({before + run.noise_tokens, config_.hidden_size}, backend_->compute_dtype());
  Tensor txt = x.rows(0, run.text_tokens), noise = x.rows(before, run.noise_tokens);
  backend_->copy(run.txt, txt);
  if (run.reference_tokens > 0) {
    Tensor references = x.rows(run.text_tokens, run.reference_tokens);
    backend_->copy(run.references, references);
  }
  backend_->linear(img, *img_in_, Activation::none, noise, 0);
  return x;
}

Tensor FluxTransformer::forward(const FluxRun& run, std::size_t step, const Tensor& img, const StopToken& stop,
                                const FluxTrace& trace) const {
  if (img.shape() != Shape{run.noise_tokens, config_.in_channels}) {
    refuse("img " + img.shape().to_string() + " must be " + Shape{run.noise_tokens, config_.in_channels}.to_string());
  }
  if (static_cast<std::int64_t>(step) >= run.last_table.shape()[0])
    refuse("the run has no step " + std::to_string(step));
  Tensor x = joined_tokens(run, img);
  const std::int64_t pictures = run.reference_tokens + run.noise_tokens, before = x.shape()[0] - run.noise_tokens;
  const auto trace_streams = [&](const std::string& name, const std::string& txt, const std::string& img_name) {
    if (!trace) return;
    trace(name + txt, x.rows(0, run.text_tokens));
    trace(name + img_name, x.rows(run.text_tokens, pictures));
  };
  trace_streams("", "txt_in", "img_in");
  for (std::size_t i = 0; i < double_blocks_.size(); ++i) {
    stop.check();
    double_blocks_[i].forward(*backend_, x, run.text_tokens, run.pe, run.double_tables[i], step);
    trace_streams("double_blocks." + std::to_string(i) + ".", "txt", "img");
  }
  for (std::size_t i = 0; i < single_blocks_.size(); ++i) {
    stop.check();
    const bool is_last = i + 1 == single_blocks_.size();
    single_blocks_[i].forward(*backend_, x, run.pe, run.single_tables[i], step, is_last ? before : 0);
    if (trace) trace("single_blocks." + std::to_string(i), x);
  }
  return final_layer_.forward(*backend_, x.rows(before, run.noise_tokens), run.last_table, step);
}

}  // namespace palimpsest
