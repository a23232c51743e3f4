#include "native/backends/backend_kind.h"

namespace palimpsest {

const BackendKind* cuda_kind() {
  return nullptr;
}

}  // namespace palimpsest
