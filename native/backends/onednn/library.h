#pragma once

#include <omp.h>

#include <cstddef>
#include <cstdint>
#include <dnnl.hpp>
#include <functional>
#include <string>

#include "native/backends/onednn/onednn_backend.h"
#include "shared/base/error.h"

namespace palimpsest {

/// While it lives, oneDNN plans and runs calls of this thread for one thread.
class SingleThreadScope {
 public:
  SingleThreadScope() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  SingleThreadScope(const SingleThreadScope&) = delete;
  SingleThreadScope& operator=(const SingleThreadScope&) = delete;
  ~SingleThreadScope() { omp_set_num_threads(before_); }

 private:
  int before_;
};

/// What one thread needs to run pieces.
struct PieceWorker {
  dnnl::stream stream;
  std::byte* scratch;  ///< aligned to 64 bytes
};

/// The library's engine of one backend.
class OneDnnBackend::Library {
 public:
  Library() : engine(dnnl::engine::kind::cpu, 0) {}

  /// Calls piece(worker, i) for i in [0, piece_count) on all threads, each with `scratch_bytes` of its own.
  void run_pieces(OneDnnBackend& backend, std::int64_t piece_count, std::size_t scratch_bytes,
                  const std::function<void(PieceWorker&, std::int64_t)>& piece) const;

  const dnnl::engine engine;
};

/// f32 or bf16. Errors: `invalid_value` for others.
dnnl::memory::data_type library_type(DType dtype);

inline std::size_t aligned_bytes(std::size_t bytes) {
  return (bytes + HostMemory::kAlignment - 1) / HostMemory::kAlignment * HostMemory::kAlignment;
}

/// Attributes of every primitive: scratchpads come from the backend's allocator.
inline dnnl::primitive_attr attributes_with(const dnnl::post_ops& operations) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(operations);
  return attributes;
}

[[noreturn]] void refuse_library_error(const dnnl::error& error, const std::string& call, std::size_t operand_bytes);

/// Runs `body`, whose oneDNN calls are single-threaded, and turns the library's errors into the engine's.
/// `describe()` names the op and its shapes.
template <typename Describe, typename Body>
void guarded(std::size_t operand_bytes, Describe describe, Body body) {
  try {
    const SingleThreadScope single;
    body();
  } catch (const dnnl::error& error) {
    refuse_library_error(error, describe(), operand_bytes);
  }
}

}  // namespace palimpsest
