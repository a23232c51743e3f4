#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "shared/tensor/backend.h"

namespace palimpsest {

/// Host memory of one backend: blocks aligned to 64 bytes, for tensors and for packed weights.
///
/// A released activation block is kept for the next request of about its size, because fresh pages from the system
/// cost more than most ops. What is kept stays within a quarter of the largest live use plus 64 MiB.
/// Storages keep this object alive, so that a tensor may outlive its backend. Not safe for concurrent use.
class HostMemory : public std::enable_shared_from_this<HostMemory> {
 public:
  static constexpr std::size_t kAlignment = 64;

  HostMemory() = default;
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;
  ~HostMemory();

  /// Uninitialised block for activations or scratch space; zero bytes give a valid empty block.
  /// Errors: `out_of_memory` with the bytes needed.
  std::shared_ptr<Storage> allocate(std::uint64_t size_bytes);
  /// Uninitialised block for packed weights, given back to the system when it is released. Errors: as allocate.
  std::shared_ptr<Storage> allocate_weights(std::uint64_t size_bytes);

  const MemoryUse& use() const { return use_; }
  void reset_peak() { use_.peak_activation_bytes = use_.activation_bytes; }
  /// Bytes held for reuse.
  std::size_t cached_bytes() const { return cached_bytes_; }
  /// Gives all blocks held for reuse back to the system.
  void release_cached();

 private:
  class ActivationBlock;
  class WeightBlock;

  void* take_cached(std::size_t& capacity);
  void* fresh_block(std::size_t capacity);
  void keep(void* address, std::size_t capacity);
  void drop_largest_cached();

  std::multimap<std::size_t, void*> cached_;  ///< capacity -> address
  std::size_t cached_bytes_ = 0;
  std::size_t largest_live_bytes_ = 0;
  MemoryUse use_;
};

/// Bytes of a tensor. Errors: `out_of_memory` if they exceed 2^63 - 1.
std::uint64_t required_bytes(const Shape& shape, DType dtype);

}  // namespace palimpsest
