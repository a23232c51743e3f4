#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/api/image_request.h"
#include "shared/api/size.h"
#include "shared/base/stop_token.h"
#include "shared/models/autoencoder.h"
#include "shared/models/flux_transformer.h"
#include "shared/pipeline/model_settings.h"
#include "shared/pipeline/progress.h"
#include "shared/pipeline/reference_encoder.h"
#include "shared/pipeline/text_conditioning.h"
#include "shared/tensor/backend.h"

namespace palimpsest {

struct GeneratedImage {
  Image image;
  std::uint64_t seed = 0;
};

/// Wall-clock seconds of each phase, over all pictures of a request.
struct PhaseSeconds {
  double encode_text = 0, encode_image = 0, denoise = 0, decode = 0;
  double total() const { return encode_text + encode_image + denoise + decode; }
};

struct PipelineResult {
  std::vector<GeneratedImage> images;
  SizePlan plan;
  std::int64_t steps = 0;
  double guidance = 0;  ///< what was used; no meaning without a guidance embedding
  std::int64_t text_tokens = 0, reference_tokens = 0, noise_tokens = 0;
  PhaseSeconds seconds;
  std::vector<std::string> warnings;  ///< what was not done as asked, a sentence each
};

/// FLUX.1 Kontext from a request to pictures. Belongs to the thread of its backend.
/// Source: flux/cli_kontext.py, flux/sampling.py; diffusers pipeline_flux_kontext.py.
class KontextPipeline {
 public:
  struct Parts {
    TextConditioner::Parts text;
    std::unique_ptr<FluxTransformer> transformer;
    std::unique_ptr<AutoEncoder> autoencoder;
    ModelSettings settings;
  };

  /// Errors: `CONFIG_INVALID` where the parts do not fit each other.
  KontextPipeline(Parts parts, Backend& backend);
  KontextPipeline(const KontextPipeline&) = delete;
  KontextPipeline& operator=(const KontextPipeline&) = delete;

  const ModelSettings& settings() const { return settings_; }
  const FluxConfig& transformer_config() const { return transformer_->config(); }

  SizePlan plan(const ImageRequest& request) const { return plan_sizes(request, settings_.native_size); }

  /// Errors: the first problem of validate(); `cancelled`; `out_of_memory`; `internal_error` where values are not
  /// finite (never a black picture).
  PipelineResult run(const ImageRequest& request, const ProgressCallback& progress = {}, const StopToken& stop = {});

 private:
  class Run;

  ModelSettings settings_;
  Backend& backend_;
  std::unique_ptr<FluxTransformer> transformer_;
  std::unique_ptr<AutoEncoder> autoencoder_;
  TextConditioner text_;
  ReferenceEncoder references_;
};

}  // namespace palimpsest
