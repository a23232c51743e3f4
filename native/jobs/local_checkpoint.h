#pragma once

#include <functional>
#include <optional>
#include <string>

#include "native/engine/engine.h"

namespace palimpsest {

/// A checkpoint on this machine.
struct LocalCheckpoint {
  std::string name;         ///< `local/<name>` is its id
  EngineOptions engine;     ///< how it is loaded
  bool is_builtin = false;  ///< the small one that comes with the program
};

/// What is known of a checkpoint once it is loaded.
struct CheckpointFacts {
  std::string name;
  std::optional<ImageSize> native_size;  ///< the only size it draws; absent: any
};

/// Told whenever a checkpoint has been loaded, on the engine's thread.
using CheckpointLoaded = std::function<void(const CheckpointFacts&)>;

}  // namespace palimpsest
