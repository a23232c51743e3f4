#include "native/backends/backend_kind.h"
#include "native/backends/onednn/onednn_backend.h"

namespace palimpsest {

const BackendKind* onednn_kind() {
  static constexpr BackendKind kKind{"onednn", "oneDNN on the CPU", &OneDnnBackend::profits_from_bf16,
                                     [](Parallel& parallel, DType dtype) -> std::unique_ptr<Backend> {
                                       return std::make_unique<OneDnnBackend>(parallel, dtype);
                                     }};
  return &kKind;
}

}  // namespace palimpsest
