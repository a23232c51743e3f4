#include "tests/support/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> live{0};
std::atomic<std::size_t> peak{0};

/// In front of every block: its size.
constexpr std::size_t kPrefixBytes =
    alignof(std::max_align_t) < sizeof(std::size_t) ? sizeof(std::size_t) : alignof(std::max_align_t);

void* allocate(std::size_t size) noexcept {
  void* block = size > SIZE_MAX - kPrefixBytes ? nullptr : std::malloc(size + kPrefixBytes);
  if (block == nullptr) return nullptr;
  *static_cast<std::size_t*>(block) = size;
  const std::size_t now = live += size;
  for (std::size_t seen = peak; seen < now && !peak.compare_exchange_weak(seen, now);) {
  }
  return static_cast<char*>(block) + kPrefixBytes;
}

void* allocate_or_throw(std::size_t size) {
  void* address = allocate(size);
  if (address == nullptr) throw std::bad_alloc();
  return address;
}

void release(void* address) noexcept {
  if (address == nullptr) return;
  void* block = static_cast<char*>(address) - kPrefixBytes;
  live -= *static_cast<std::size_t*>(block);
  std::free(block);
}

}  // namespace

// All unaligned forms: a sanitizer's runtime brings its own of each, and one of ours must never meet one of theirs.
void* operator new(std::size_t size) {
  return allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
  return allocate_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void operator delete(void* address) noexcept {
  release(address);
}
void operator delete[](void* address) noexcept {
  release(address);
}
void operator delete(void* address, std::size_t) noexcept {
  release(address);
}
void operator delete[](void* address, std::size_t) noexcept {
  release(address);
}
void operator delete(void* address, const std::nothrow_t&) noexcept {
  release(address);
}
void operator delete[](void* address, const std::nothrow_t&) noexcept {
  release(address);
}

namespace palimpsest::testing {

std::size_t live_bytes() {
  return live;
}

std::size_t peak_bytes() {
  return peak;
}

void reset_peak_bytes() {
  peak = live.load();
}

}  // namespace palimpsest::testing
