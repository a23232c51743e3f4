#include "native/backends/backend_kind.h"

namespace palimpsest {

const BackendKind* onednn_kind() {
  return nullptr;
}

}  // namespace palimpsest
