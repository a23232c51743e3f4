#pragma once

#include <utility>

#include "shared/portable/gemm.h"

namespace palimpsest {

/// Linear weights of the portable backend.
class PackedLinear final : public LinearWeight {
 public:
  explicit PackedLinear(PackedMatrix matrix) : LinearWeight(matrix.depth, matrix.outputs), matrix_(std::move(matrix)) {}
  const PackedMatrix& matrix() const { return matrix_; }

 private:
  PackedMatrix matrix_;
};

/// Convolution weights of the portable backend: a matrix [K, kernel · kernel · C] in the order of the windows.
class PackedConv final : public ConvWeight {
 public:
  PackedConv(PackedMatrix matrix, std::int64_t in_channels, std::int64_t kernel_size)
      : ConvWeight(in_channels, matrix.outputs, kernel_size), matrix_(std::move(matrix)) {}
  const PackedMatrix& matrix() const { return matrix_; }

 private:
  PackedMatrix matrix_;
};

}  // namespace palimpsest
