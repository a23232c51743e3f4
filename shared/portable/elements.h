#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "shared/portable/host_memory.h"
#include "shared/tensor/tensor.h"

namespace palimpsest {

// All kernels compute on f32 rows in the cache; these functions bring bf16 there and back.

/// An address with the type of what lies there.
struct Elements {
  std::byte* address = nullptr;
  DType dtype = DType::f32;

  Elements at(std::int64_t index) const { return {address + index * (bits_of(dtype) / 8), dtype}; }
};

inline Elements elements_of(const Tensor& tensor) {
  return {tensor.data<std::byte>(), tensor.dtype()};
}

/// to[i] = f32 value of from[i], which are f32, f16, bf16 or i32 at any alignment.
void widen(const Elements& from, std::int64_t count, float* to);
/// Rounds to nearest even where `to` is bf16. `to` is f32 or bf16.
void narrow(const float* from, std::int64_t count, const Elements& to);
/// Copies elements, converting if the types differ.
void convert(const Elements& from, std::int64_t count, const Elements& to);

/// The f32 values of `from`: the elements themselves if they are f32, else a copy in `scratch`.
inline float* widened(const Elements& from, std::int64_t count, float* scratch) {
  if (from.dtype == DType::f32) return reinterpret_cast<float*>(from.address);
  widen(from, count, scratch);
  return scratch;
}

/// Where a kernel is to write `count` values meant for `to`; finish with `written`.
inline float* output_row(const Elements& to, float* scratch) {
  return to.dtype == DType::f32 ? reinterpret_cast<float*>(to.address) : scratch;
}
inline void written(const float* row, std::int64_t count, const Elements& to) {
  if (reinterpret_cast<const std::byte*>(row) != to.address) narrow(row, count, to);
}

/// Scratch space of one task, uninitialised, aligned for vectors.
class FloatScratch {
 public:
  explicit FloatScratch(std::int64_t count)
      : values_(static_cast<float*>(::operator new(static_cast<std::size_t>(count) * sizeof(float), kAlignment))) {}
  float* data() { return values_.get(); }

 private:
  static constexpr std::align_val_t kAlignment{HostMemory::kAlignment};
  struct Release {
    void operator()(float* values) const { ::operator delete(values, kAlignment); }
  };
  std::unique_ptr<float, Release> values_;
};

/// Calls body(begin, count) for pieces of [0, count) small enough for a scratch array on the stack.
inline constexpr std::int64_t kChunk = 1024;
template <typename Body>
void for_chunks(std::int64_t total, Body body) {
  for (std::int64_t begin = 0; begin < total; begin += kChunk) {
    body(begin, total - begin < kChunk ? total - begin : kChunk);
  }
}

}  // namespace palimpsest
