// native/engine: puts a checkpoint, a backend and the pipeline together.
// Included by the command line and, later, by the worker behind the server; includes checkpoint, backends and shared.
// Start here.
#pragma once

#include <memory>
#include <string>

namespace palimpsest {

class Backend;
class KontextPipeline;

struct BackendOptions {
  std::string backend = "auto";
  std::string dtype = "auto";
  int threads = 0;  ///< 0: one for each core
};

struct EngineOptions {
  std::string model;  ///< folder; empty: the built-in checkpoint, unless single files are given
  std::string transformer, vae, clip, t5, tokenizers;
  BackendOptions backend;
};

/// A loaded checkpoint, ready to run requests. Belongs to one thread.
class Engine {
 public:
  /// Opens, checks and loads everything, or throws PalimpsestError with nothing kept: a `MODEL_…` or
  /// `TOKENIZER_INVALID` code for files, `out_of_memory` with needed and available bytes, `invalid_value` for options.
  explicit Engine(const EngineOptions& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  KontextPipeline& pipeline();
  Backend& backend();
  /// `kontext-nano`, or the name of the folder or file.
  const std::string& model_name() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The folder of the built-in checkpoint: beside the program's source tree or installation, or named by
/// PALIMPSEST_BUILTIN_MODEL. Errors: `MODEL_NOT_FOUND` with the places looked at.
std::string builtin_model_folder();

}  // namespace palimpsest
