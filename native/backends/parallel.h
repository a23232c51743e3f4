// native/backends: which backends this build has, and the threads they run on.
// native/engine and native/cli include registry.h and nothing else of this folder; a backend's own headers (onednn/)
// are seen by this folder only. Start with registry.h.
#pragma once

#include <memory>

#include "shared/tensor/parallel.h"

namespace palimpsest {

/// Processors this process may run on, at least 1.
int available_processors();

/// A pool of `threads` ≥ 1 threads, the calling one among them. With oneDNN it is OpenMP's, which the library uses as
/// well, so that there are never two; without, std::thread's.
std::unique_ptr<Parallel> make_parallel(int threads);

}  // namespace palimpsest
