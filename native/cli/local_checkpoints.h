#pragma once

#include <string>
#include <vector>

#include "native/jobs/local_checkpoint.h"

namespace palimpsest {

/// The checkpoints that a server can run: the one that `engine` names first, then those in the folder `models` by name,
/// then the built-in one; all run on the backend of `engine`. `models` may be empty. Of two with one name the first
/// counts.
/// Errors: `MODEL_NOT_FOUND` for a path that does not exist, or where there is nothing at all.
std::vector<LocalCheckpoint> local_checkpoints(const EngineOptions& engine, const std::string& models);

}  // namespace palimpsest
