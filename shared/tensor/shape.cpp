#include "shared/tensor/shape.h"

#include <algorithm>

#include "shared/base/error.h"

namespace palimpsest {

Shape::Shape(std::initializer_list<std::int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const std::int64_t> dims) {
  if (dims.size() > kMaxRank)
    fail(codes::kInvalidValue, "a tensor has " + std::to_string(dims.size()) + " dimensions; at most 8 are supported");
  rank_ = static_cast<int>(dims.size());
  std::copy(dims.begin(), dims.end(), dims_.begin());
  for (const std::int64_t dim : dims) {
    if (dim < 0) fail(codes::kInvalidValue, "a tensor dimension is negative: " + std::to_string(dim));
    if (__builtin_mul_overflow(element_count_, dim, &element_count_))
      fail(codes::kInvalidValue, "the element count of a tensor exceeds 2^63 - 1");
  }
}

std::int64_t Shape::row_count() const {
  std::int64_t rows = 1;
  for (int axis = 0; axis + 1 < rank_; ++axis) rows *= (*this)[axis];
  return rows;
}

Shape Shape::with_first(std::int64_t count) const {
  if (rank_ == 0) fail(codes::kInvalidValue, "a scalar has no first dimension");
  auto dims = dims_;
  dims[0] = count;
  return Shape(std::span(dims.data(), static_cast<std::size_t>(rank_)));
}

std::string Shape::to_string() const {
  std::string text = "(";
  for (int axis = 0; axis < rank_; ++axis) text += (axis > 0 ? ", " : "") + std::to_string((*this)[axis]);
  return text + ")";
}

}  // namespace palimpsest
