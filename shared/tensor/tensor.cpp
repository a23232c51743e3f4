#include "shared/tensor/tensor.h"

#include <string>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

std::size_t byte_count(const Shape& shape, DType dtype) {
  return static_cast<std::size_t>(shape.element_count()) * static_cast<std::size_t>(bits_of(dtype)) / 8;
}

/// Byte offset of row `begin`, after checking that rows [begin, begin + count) exist.
std::size_t checked_row_offset(const Shape& shape, DType dtype, std::int64_t begin, std::int64_t count) {
  if (shape.rank() == 0 || begin < 0 || count < 0 || begin > shape[0] - count) {
    fail(codes::kInvalidValue, "rows [" + std::to_string(begin) + ", " + std::to_string(begin + count) +
                                   ") are outside a tensor of shape " + shape.to_string());
  }
  return byte_count(shape.with_first(begin), dtype);
}

}  // namespace

HostView HostView::rows(std::int64_t begin, std::int64_t count) const {
  const std::size_t offset = checked_row_offset(shape, dtype, begin, count);
  const Shape part = shape.with_first(count);
  return {dtype, part, bytes.subspan(offset, byte_count(part, dtype))};
}

HostView view_of(std::span<const float> values, const Shape& shape) {
  return {DType::f32, shape, std::as_bytes(values)};
}

HostView view_of(std::span<const std::int32_t> values, const Shape& shape) {
  return {DType::i32, shape, std::as_bytes(values)};
}

Tensor::Tensor(Shape shape, DType dtype, std::shared_ptr<Storage> storage, std::size_t offset_bytes)
    : shape_(shape), dtype_(dtype), storage_(std::move(storage)), offset_bytes_(offset_bytes) {}

std::size_t Tensor::size_bytes() const {
  return byte_count(shape_, dtype_);
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t count) const {
  const std::size_t offset = checked_row_offset(shape_, dtype_, begin, count);
  return {shape_.with_first(count), dtype_, storage_, offset_bytes_ + offset};
}

Tensor Tensor::reshaped(const Shape& shape) const {
  if (shape.element_count() != shape_.element_count()) {
    fail(codes::kInvalidValue, "a tensor of shape " + shape_.to_string() + " cannot be seen as " + shape.to_string());
  }
  return {shape, dtype_, storage_, offset_bytes_};
}

}  // namespace palimpsest
