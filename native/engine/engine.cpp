#include "native/engine/engine.h"

#include <algorithm>
#include <utility>

#include "native/backends/registry.h"
#include "native/checkpoint/available_memory.h"
#include "native/checkpoint/layouts.h"
#include "native/checkpoint/memory_plan.h"
#include "shared/pipeline/kontext_pipeline.h"

namespace palimpsest {
namespace {

CheckpointPaths paths_of(const EngineOptions& options) {
  const bool by_files = !options.transformer.empty() || !options.vae.empty() || !options.clip.empty() ||
                        !options.t5.empty() || !options.tokenizers.empty();
  const std::string model = options.model.empty() && !by_files ? builtin_model_folder() : options.model;
  return {model, options.transformer, options.vae, options.clip, options.t5, options.tokenizers};
}

/// The networks' configurations: from config.json, or from the shapes where the layout has none.
struct Configs {
  FluxConfig flux;
  AutoEncoderConfig autoencoder;
  ClipTextConfig clip;
  T5Config t5;
};

template <typename Config>
Config config_of(const NetworkFiles& files, Config (*from_json)(const Json&),
                 Config (*from_tensors)(const TensorSource&)) {
  try {
    return files.config.is_null() ? from_tensors(*files.weights.tensors) : from_json(files.config);
  } catch (const PalimpsestError& problem) {
    throw problem.in(files.weights.tensors->description());
  }
}

Configs configs_of(const Checkpoint& checkpoint) {
  return {config_of(checkpoint.transformer, flux_config_from_json, flux_config_from_tensors),
          config_of(checkpoint.autoencoder, autoencoder_config_from_json, autoencoder_config_from_tensors),
          config_of(checkpoint.clip, clip_text_config_from_json, clip_text_config_from_tensors),
          config_of(checkpoint.t5, t5_config_from_json, t5_config_from_tensors)};
}

/// All networks before any weight is packed, so that nothing is ever half loaded.
void check_networks(const Checkpoint& checkpoint, const Configs& configs) {
  check_network<FluxTransformer>(configs.flux, *checkpoint.transformer.weights.tensors);
  check_network<AutoEncoder>(configs.autoencoder, *checkpoint.autoencoder.weights.tensors);
  check_network<ClipTextEncoder>(configs.clip, *checkpoint.clip.weights.tensors);
  check_network<T5Encoder>(configs.t5, *checkpoint.t5.weights.tensors);
}

std::uint64_t parameters_of(const NetworkFiles& files) {
  const TensorSource& source = *files.weights.tensors;
  std::uint64_t count = 0;
  for (const std::string& name : source.names()) {
    // T5's embedding may be stored twice and is loaded once.
    if (name == "encoder.embed_tokens.weight" && source.find("shared.weight") != nullptr) continue;
    count += static_cast<std::uint64_t>(source.find(name)->shape.element_count());
  }
  return count;
}

ModelDims dims_of(const Checkpoint& checkpoint, const Configs& configs, const ModelSettings& settings,
                  DType compute_dtype) {
  ModelDims dims;
  for (const NetworkFiles* files : {&checkpoint.transformer, &checkpoint.autoencoder, &checkpoint.clip, &checkpoint.t5})
    dims.parameters += parameters_of(*files);
  dims.hidden_size = configs.flux.hidden_size;
  dims.mlp_size = configs.flux.mlp_hidden_size();
  dims.text_tokens = settings.text_tokens;
  dims.t5_size = configs.t5.d_model;
  dims.t5_mlp_size = configs.t5.d_ff;
  // At full size the decoder's first block of the last level still has the channels of the level before.
  const std::vector<std::int64_t>& channels = configs.autoencoder.channels;
  dims.decoder_channels = channels[std::min<std::size_t>(1, channels.size() - 1)];
  dims.dtype_bytes = bits_of(compute_dtype) / 8;
  return dims;
}

RunSize run_size(const SizePlan& plan) {
  RunSize size{plan.render.width, plan.render.height, 0, 0};
  for (const SizePlan::Reference& reference : plan.references) {
    size.reference_width = std::max<std::int64_t>(size.reference_width, reference.to.width);
    size.reference_height += reference.to.height;  // as if they stood below each other
  }
  return size;
}

ClipBpeTokenizer clip_tokenizer(const TokenizerFiles& files, const ClipTextConfig& config) {
  ClipBpeOptions options;
  options.max_length = static_cast<int>(std::min<std::int64_t>(options.max_length, config.max_position_embeddings));
  if (!files.clip_tokenizer_json.empty())
    return ClipBpeTokenizer::from_tokenizer_json(read_tokenizer_file(files.clip_tokenizer_json), options);
  return ClipBpeTokenizer::from_files(read_tokenizer_file(files.clip_vocab_json),
                                      read_tokenizer_file(files.clip_merges_txt), options);
}

T5UnigramTokenizer t5_tokenizer(const TokenizerFiles& files) {
  if (!files.t5_spiece_model.empty())
    return T5UnigramTokenizer::from_spiece_model(read_tokenizer_file(files.t5_spiece_model));
  return T5UnigramTokenizer::from_tokenizer_json(read_tokenizer_file(files.t5_tokenizer_json));
}

void check_vocabularies(const ClipBpeTokenizer& clip, const T5UnigramTokenizer& t5, const Configs& configs) {
  const auto check = [](const char* what, std::int64_t ids, std::int64_t rows) {
    if (ids <= rows) return;
    fail("MODEL_ARCH_MISMATCH", std::string("the ") + what + " tokenizer has " + std::to_string(ids) +
                                    " ids, the encoder's table only " + std::to_string(rows) + " rows");
  };
  check("CLIP", clip.vocab_size(), configs.clip.vocab_size);
  check("T5", t5.vocab_size(), configs.t5.vocab_size);
}

/// Progress of one network after the other as one.
class JointProgress {
 public:
  explicit JointProgress(const Engine::LoadProgress& report) : report_(report) {}

  void add(const NetworkFiles& files) {
    for (const std::string& name : files.weights.tensors->names())
      total_ += files.weights.tensors->find(name)->bytes.size();
  }
  LoadOptions options(const StopToken& stop) {
    if (!report_) return {{}, stop};
    return {[this](std::uint64_t done, std::uint64_t total) {
              report_(std::min(finished_ + done, total_), total_);
              if (done == total) finished_ += total;
            },
            stop};
  }

 private:
  const Engine::LoadProgress& report_;
  std::uint64_t total_ = 0, finished_ = 0;
};

template <typename Network, typename Config>
std::unique_ptr<Network> load(const NetworkFiles& files, const Config& config, Backend& backend,
                              const LoadOptions& options) {
  WeightLoader loader(*files.weights.tensors, Network::name_map(config, *files.weights.tensors), backend, options);
  return std::make_unique<Network>(config, loader);
}

KontextPipeline::Parts load_parts(const Checkpoint& checkpoint, const Configs& configs, const ModelSettings& settings,
                                  Backend& backend, JointProgress& progress, const StopToken& stop) {
  KontextPipeline::Parts parts{
      {t5_tokenizer(checkpoint.tokenizers), clip_tokenizer(checkpoint.tokenizers, configs.clip), {}, {}},
      {},
      {},
      settings};
  check_vocabularies(parts.text.clip_tokenizer, parts.text.t5_tokenizer, configs);
  const LoadOptions options = progress.options(stop);
  parts.text.clip = load<ClipTextEncoder>(checkpoint.clip, configs.clip, backend, options);
  parts.text.t5 = load<T5Encoder>(checkpoint.t5, configs.t5, backend, options);
  parts.autoencoder = load<AutoEncoder>(checkpoint.autoencoder, configs.autoencoder, backend, options);
  parts.transformer = load<FluxTransformer>(checkpoint.transformer, configs.flux, backend, options);
  return parts;
}

}  // namespace

struct Engine::Parts {
  std::string name;
  OwnedBackend backend;
  ModelDims dims;
  std::unique_ptr<KontextPipeline> pipeline;  // goes before the backend does
};

Engine::Engine(const EngineOptions& options, const LoadProgress& progress, const StopToken& stop) {
  OwnedBackend backend = make_backend(options.backend.backend, options.backend.dtype, options.backend.threads);
  const Checkpoint checkpoint = open_checkpoint(paths_of(options));
  const Configs configs = configs_of(checkpoint);
  const ModelSettings settings =
      read_model_settings(checkpoint.palimpsest, checkpoint.scheduler, configs.flux.guidance_embed);
  check_networks(checkpoint, configs);
  ModelDims dims = dims_of(checkpoint, configs, settings, backend->compute_dtype());
  const ImageSize smallest = settings.native_size.value_or(ImageSize{256, 256});
  check_memory(dims, {smallest.width, smallest.height, 0, 0}, available_memory());

  JointProgress joint(progress);
  for (const NetworkFiles* files : {&checkpoint.transformer, &checkpoint.autoencoder, &checkpoint.clip, &checkpoint.t5})
    joint.add(*files);
  KontextPipeline::Parts parts = load_parts(checkpoint, configs, settings, *backend, joint, stop);
  checkpoint.check_unchanged();
  auto pipeline = std::make_unique<KontextPipeline>(std::move(parts), *backend);
  parts_ = std::make_unique<Parts>(Parts{checkpoint.name, std::move(backend), dims, std::move(pipeline)});
}

Engine::~Engine() = default;

KontextPipeline& Engine::pipeline() {
  return *parts_->pipeline;
}

Backend& Engine::backend() {
  return *parts_->backend;
}

int Engine::thread_count() const {
  return parts_->backend.thread_count();
}

const std::string& Engine::model_name() const {
  return parts_->name;
}

void Engine::check_memory_for(const ImageRequest& request) const {
  ModelDims dims = parts_->dims;
  dims.parameters = 0;  // the weights are in memory already
  check_memory(dims, run_size(parts_->pipeline->plan(request)), available_memory());
}

}  // namespace palimpsest
