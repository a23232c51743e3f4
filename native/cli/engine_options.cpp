#include "native/cli/engine_options.h"

#include <CLI/CLI.hpp>

namespace palimpsest {

void add_backend_options(CLI::App& app, BackendOptions& options) {
  app.add_option("--backend", options.backend, "auto, onednn or portable")->group("Engine");
  app.add_option("--dtype", options.dtype, "auto, f32 or bf16; auto: bf16 where the processor has it")->group("Engine");
  app.add_option("--threads", options.threads, "Threads to use; 0: one for each core")
      ->check(CLI::Range(0, 1024))
      ->group("Engine");
}

void add_engine_options(CLI::App& app, EngineOptions& options) {
  app.add_option("-m,--model", options.model,
                 "Folder in the layout of FLUX.1-Kontext-dev; without it the small built-in checkpoint runs")
      ->group("Engine");
  app.add_option("--transformer", options.transformer, "Single-file transformer (flux1-kontext-dev.safetensors)")
      ->group("Engine");
  app.add_option("--vae", options.vae, "Single-file AutoEncoder (ae.safetensors)")->group("Engine");
  app.add_option("--clip", options.clip, "Single-file CLIP text encoder (clip_l.safetensors)")->group("Engine");
  app.add_option("--t5", options.t5, "Single-file T5 encoder (t5xxl_fp16.safetensors)")->group("Engine");
  app.add_option("--tokenizers", options.tokenizers,
                 "Folder with tokenizer/ and tokenizer_2/, needed with the single files")
      ->group("Engine");
  add_backend_options(app, options.backend);
}

}  // namespace palimpsest
