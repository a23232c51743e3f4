// native/engine: puts a checkpoint, a backend and the pipeline together.
// Included by the command line and the worker behind the server; includes checkpoint, backends and shared.
// Start here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "shared/api/image_request.h"
#include "shared/base/stop_token.h"

namespace palimpsest {

class Backend;
class KontextPipeline;

struct BackendOptions {
  std::string backend = "auto";
  std::string dtype = "auto";
  int threads = 0;  ///< 0: one for each core
};

struct EngineOptions {
  std::string model;  ///< folder, or a file that holds all networks; empty: the built-in one, unless files are given
  std::string transformer, vae, clip, t5, tokenizers;
  BackendOptions backend;
};

/// A loaded checkpoint, ready to run requests. Belongs to one thread.
class Engine {
 public:
  /// Called while weights are packed, with bytes done and bytes in all.
  using LoadProgress = std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)>;

  /// Opens, checks and loads everything, or throws PalimpsestError with nothing kept: a `MODEL_…` or
  /// `TOKENIZER_INVALID` code for files, `out_of_memory` with needed and available bytes, `invalid_value` for options,
  /// `cancelled`.
  explicit Engine(const EngineOptions& options, const LoadProgress& progress = {}, const StopToken& stop = {});
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  KontextPipeline& pipeline();
  Backend& backend();
  int thread_count() const;
  /// `kontext-nano`, or the name of the folder or file.
  const std::string& model_name() const;

  /// Throws `out_of_memory` (507) with the bytes needed and available, and the largest size that fits, where a valid
  /// request would not run in what the machine has left.
  void check_memory_for(const ImageRequest& request) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The folder of the built-in checkpoint: named by PALIMPSEST_BUILTIN_MODEL, beside the program's installation
/// (../share/palimpsest/models/nano) or in the source tree it was built from.
/// Errors: `MODEL_NOT_FOUND` with the places looked at.
std::string builtin_model_folder();

}  // namespace palimpsest
