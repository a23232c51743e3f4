#pragma once

#include <memory>
#include <string>
#include <vector>

#include "native/jobs/inference_worker.h"
#include "native/jobs/local_checkpoint.h"

namespace palimpsest {

/// Carries out GenerationJobs with native/engine. One checkpoint is loaded at a time: a job for another one replaces
/// it.
class LocalEngine final : public PictureEngine {
 public:
  struct Options {
    std::vector<LocalCheckpoint> checkpoints;
    std::string software;  ///< named in pictures' metadata: "Palimpsest 1.0"
    CheckpointLoaded on_loaded = {};
  };

  /// Loads the checkpoint `first`. Errors: those of Engine; `cancelled` after `stop`.
  LocalEngine(Options options, const std::string& first, const StopToken& stop);
  ~LocalEngine() override;

  /// Errors: those of decode_image (param `image` or `mask`), KontextPipeline::run, Engine::check_memory_for and
  /// encode_image.
  JobResult run(const JobRequest& request, const JobProgressCallback& progress, const StopToken& stop) override;

 private:
  void load(const std::string& name, const StopToken& stop);

  Options options_;
  std::string loaded_;  // name of the checkpoint in engine_; empty: none
  std::unique_ptr<Engine> engine_;
};

}  // namespace palimpsest
