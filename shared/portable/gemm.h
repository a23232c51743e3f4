#pragma once

#include <cstdint>
#include <memory>

#include "shared/portable/elements.h"
#include "shared/portable/host_memory.h"
#include "shared/tensor/backend.h"
#include "shared/tensor/parallel.h"

namespace palimpsest {

/// Rows of f32 values from somewhere: a tensor, a picture seen through a convolution's windows, weights of a file.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Writes columns [begin, begin + count) of a row.
  virtual void read(std::int64_t row, std::int64_t begin, std::int64_t count, float* to) const = 0;
};

/// Rows of a dense [rows, columns] block.
class DenseRows final : public RowSource {
 public:
  DenseRows(const Elements& elements, std::int64_t columns) : elements_(elements), columns_(columns) {}
  void read(std::int64_t row, std::int64_t begin, std::int64_t count, float* to) const override {
    widen(elements_.at(row * columns_ + begin), count, to);
  }

 private:
  Elements elements_;
  std::int64_t columns_;
};

/// A weight [outputs, depth] as panels of `panel_width` outputs, each [depth][panel_width]; bf16 panels hold the values
/// of two neighbouring depths side by side. The last panel and an odd depth are filled up with zeros.
struct PackedMatrix {
  std::int64_t outputs = 0;
  std::int64_t depth = 0;
  std::int64_t panel_width = 0;
  DType dtype = DType::f32;
  std::shared_ptr<Storage> panels;
  std::shared_ptr<Storage> bias;  ///< f32 [outputs rounded up to panels]

  std::int64_t panel_count() const { return (outputs + panel_width - 1) / panel_width; }
  std::int64_t panel_elements() const { return (depth + depth % 2) * panel_width; }
  Elements panel(std::int64_t index) const {
    return Elements{static_cast<std::byte*>(panels->address()), dtype}.at(index * panel_elements());
  }
};

/// Packs the rows of `weight`; `bias` is a row of `outputs` values or nullptr for zeros. `dtype` is f32 or bf16.
PackedMatrix pack_matrix(HostMemory& memory, Parallel& parallel, std::int64_t outputs, std::int64_t depth,
                         const RowSource& weight, const RowSource* bias, DType dtype);

/// What becomes of a product: out = addend + gate ⊙ act(product + bias), row by row.
struct Epilogue {
  Activation act = Activation::none;
  const float* gate = nullptr;  ///< f32 [outputs] or nullptr for ones
  Elements addend;              ///< as out, or address nullptr for zeros; may be out itself
  std::int64_t addend_stride = 0;
  Elements out;  ///< column 0 of row 0
  std::int64_t out_stride = 0;
};

/// Rows [0, rows) of `x` (of matrix.depth columns) times the transposed matrix. Sums run over the depth in its order,
/// so that a result depends neither on threads nor on how the rows are cut.
void multiply_rows(Parallel& parallel, const RowSource& x, std::int64_t rows, const PackedMatrix& matrix,
                   const Epilogue& epilogue);

}  // namespace palimpsest
