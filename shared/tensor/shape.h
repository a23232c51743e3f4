#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace palimpsest {

/// Dimensions of a dense row-major tensor, outermost first; rank 0 (a scalar) to 8.
/// Construction throws `invalid_value` for a negative dimension, a rank above 8 or a product above 2^63 - 1.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);

  int rank() const { return rank_; }

  /// Dimension `axis`; negative axes count from the last.
  std::int64_t operator[](int axis) const { return dims_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)]; }

  /// Product of all dimensions; 1 for a scalar.
  std::int64_t element_count() const { return element_count_; }

  /// Product of all dimensions but the last: how many rows a norm or a linear layer sees.
  std::int64_t row_count() const;

  /// The same shape with its first dimension replaced.
  Shape with_first(std::int64_t count) const;

  std::span<const std::int64_t> dims() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }

  /// "(4608, 24, 128)", for messages.
  std::string to_string() const;

  bool operator==(const Shape& other) const = default;

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  int rank_ = 0;
  std::int64_t element_count_ = 1;
};

}  // namespace palimpsest
