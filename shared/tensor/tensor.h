#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "shared/tensor/dtype.h"
#include "shared/tensor/shape.h"

namespace palimpsest {

/// Read-only bytes in host memory with a shape: how weights and inputs reach a backend. Does not own them.
struct HostView {
  DType dtype = DType::f32;
  Shape shape;
  std::span<const std::byte> bytes;

  /// Rows [begin, begin + count) of the first axis. Throws `invalid_value` outside of it.
  HostView rows(std::int64_t begin, std::int64_t count) const;
};

/// A view of f32 values.
HostView view_of(std::span<const float> values, const Shape& shape);
/// A view of i32 values (token ids).
HostView view_of(std::span<const std::int32_t> values, const Shape& shape);

/// A block of one backend's memory; returned to that backend's allocator when the last tensor lets go.
class Storage {
 public:
  Storage(void* address, std::size_t size_bytes) : address_(address), size_bytes_(size_bytes) {}
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage() = default;

  void* address() const { return address_; }
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  void* address_;
  std::size_t size_bytes_;
};

/// A cheap ref-counted handle of dense, row-major data on one backend. Slices of the first axis are views.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Shape shape, DType dtype, std::shared_ptr<Storage> storage, std::size_t offset_bytes = 0);

  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  bool empty() const { return storage_ == nullptr; }
  std::size_t size_bytes() const;

  /// Rows [begin, begin + count) of the first axis, sharing storage. Throws `invalid_value` outside of it.
  Tensor rows(std::int64_t begin, std::int64_t count) const;

  /// The same elements under another shape, sharing storage. Throws `invalid_value` if the counts differ.
  Tensor reshaped(const Shape& shape) const;

  /// Address in the owning backend's memory: a host pointer for CPU backends. For backend code only.
  template <typename T>
  T* data() const {
    return reinterpret_cast<T*>(static_cast<std::byte*>(storage_->address()) + offset_bytes_);
  }

 private:
  Shape shape_;
  DType dtype_ = DType::f32;
  std::shared_ptr<Storage> storage_;
  std::size_t offset_bytes_ = 0;
};

}  // namespace palimpsest
