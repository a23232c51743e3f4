// The built-in checkpoint as a pipeline on the portable backend, for tests of whole requests.
#pragma once

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "shared/pipeline/kontext_pipeline.h"
#include "shared/portable/portable_backend.h"
#include "shared/weights/safetensors.h"

namespace palimpsest::testing {

inline std::string read_nano_file(const std::string& name) {
  std::ifstream stream(PALIMPSEST_SOURCE_DIR "/models/nano/" + name, std::ios::binary);
  if (!stream) throw std::runtime_error("models/nano/" + name + " cannot be opened");
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline Json read_nano_json(const std::string& name) {
  return parse_json(read_nano_file(name)).value_or_throw();
}

/// Runs everything in the calling thread, counts the pieces of work and tells of each.
class CountingParallel final : public Parallel {
 public:
  int thread_count() const override { return 1; }
  void run(std::int64_t task_count, const std::function<void(std::int64_t)>& task) override {
    ++runs;
    if (before_run) before_run();
    for (std::int64_t i = 0; i < task_count; ++i) task(i);
  }

  std::int64_t runs = 0;
  std::function<void()> before_run;
};

class NanoPipeline {
 public:
  KontextPipeline* operator->() { return &pipeline_; }
  CountingParallel& parallel() { return parallel_; }

 private:
  template <typename Network, typename Config>
  std::unique_ptr<Network> load(const std::string& weights, const Config& config) {
    const std::string file = read_nano_file(weights);
    const SafetensorsView source(std::as_bytes(std::span(file)), weights);
    return load_network<Network>(config, source, backend_);
  }

  KontextPipeline::Parts parts() {
    KontextPipeline::Parts parts{
        {T5UnigramTokenizer::from_spiece_model(read_nano_file("tokenizer_2/spiece.model")),
         ClipBpeTokenizer::from_files(read_nano_file("tokenizer/vocab.json"), read_nano_file("tokenizer/merges.txt")),
         load<T5Encoder>("text_encoder_2/model.safetensors",
                         t5_config_from_json(read_nano_json("text_encoder_2/config.json"))),
         load<ClipTextEncoder>("text_encoder/model.safetensors",
                               clip_text_config_from_json(read_nano_json("text_encoder/config.json")))},
        load<FluxTransformer>("transformer/diffusion_pytorch_model.safetensors",
                              flux_config_from_json(read_nano_json("transformer/config.json"))),
        load<AutoEncoder>("vae/diffusion_pytorch_model.safetensors",
                          autoencoder_config_from_json(read_nano_json("vae/config.json"))),
        {}};
    parts.settings =
        read_model_settings(read_nano_json("palimpsest.json"), read_nano_json("scheduler/scheduler_config.json"),
                            parts.transformer->config().guidance_embed);
    return parts;
  }

  CountingParallel parallel_;
  PortableBackend backend_{parallel_, DType::f32};
  KontextPipeline pipeline_{parts(), backend_};
};

}  // namespace palimpsest::testing
