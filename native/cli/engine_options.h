#pragma once

#include "native/engine/engine.h"

namespace CLI {
class App;
}

namespace palimpsest {

/// Adds the options that say which checkpoint runs and on what: --model, --transformer …, --backend, --dtype,
/// --threads.
void add_engine_options(CLI::App& app, EngineOptions& options);

/// Adds only --backend, --dtype and --threads.
void add_backend_options(CLI::App& app, BackendOptions& options);

}  // namespace palimpsest
