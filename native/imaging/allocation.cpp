#include "native/imaging/allocation.h"

#include <malloc.h>

namespace palimpsest {

void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace palimpsest
