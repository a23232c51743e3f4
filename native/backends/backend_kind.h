#pragma once

#include <memory>
#include <string_view>

#include "shared/tensor/backend.h"
#include "shared/tensor/parallel.h"

namespace palimpsest {

/// One implementation of Backend that the registry can choose.
struct BackendKind {
  std::string_view name;         ///< as on the command line
  std::string_view description;  ///< for help texts, a phrase
  bool (*profits_from_bf16)();   ///< whether `auto` should compute in bf16 on this machine
  std::unique_ptr<Backend> (*make)(Parallel& parallel, DType compute_dtype);
};

/// nullptr where the build leaves the backend out; the build chooses the file that defines it.
const BackendKind* onednn_kind();
const BackendKind* cuda_kind();

}  // namespace palimpsest
