#pragma once

#include <cstddef>

namespace palimpsest {

/// Protects one read-only file mapping from the signal that the system raises where the file behind it is gone: cut
/// short by another process, or on a disk that fails. Instead of the process dying, the reader sees zeros from there
/// on, and the owner learns of it through faulted(). Other bus errors take the way they took before.
///
/// Why so: copying the weights with pread would need their size in memory a second time, and no check of the file's
/// size can help in the time between the check and the read.
class MappingGuard {
 public:
  /// Errors: `MODEL_LIMIT` for more than 4,096 mappings at once.
  MappingGuard(const void* begin, std::size_t size_bytes);
  MappingGuard(const MappingGuard&) = delete;
  MappingGuard& operator=(const MappingGuard&) = delete;
  ~MappingGuard();

  bool faulted() const;

 private:
  std::size_t slot_;
};

}  // namespace palimpsest
