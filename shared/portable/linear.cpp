#include <algorithm>
#include <type_traits>
#include <vector>

#include "shared/portable/gemm.h"
#include "shared/portable/packed_weights.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "shared/portable/linear.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "shared/portable/gemm-inl.h"
#include "shared/portable/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {

std::int64_t linear_panel_width() {
  return tile_width();
}

/// Part of a product that one task computes.
struct Block {
  std::int64_t row_begin, rows;
  std::int64_t panel_begin, panels;
};

/// Adds rows of `a` times part of a panel to `c`. Where registers are few, many rows share one widened copy
/// of a bf16 panel.
void multiply_panel_part(const PackedMatrix& matrix, std::int64_t panel, std::int64_t begin, std::int64_t depth,
                         const float* a, std::int64_t rows, float* c, std::int64_t c_stride, float* widened_panel) {
  const Elements b = matrix.panel(panel).at(begin * matrix.panel_width);
  if (matrix.dtype == DType::f32) {
    multiply_panel(a, rows, reinterpret_cast<const float*>(b.address), depth, c, c_stride);
  } else if (kWidensInTile || rows <= 2 * kTileRows) {
    multiply_panel(a, rows, reinterpret_cast<const std::uint32_t*>(b.address), depth, c, c_stride);
  } else {
    widen_panel(reinterpret_cast<const std::uint32_t*>(b.address), depth, widened_panel);
    multiply_panel(a, rows, widened_panel, depth, c, c_stride);
  }
}

void add_block_product(const RowSource& x, const PackedMatrix& matrix, const Block& block, float* a, float* c) {
  const std::int64_t c_stride = block.panels * matrix.panel_width;
  FloatScratch widened_panel(kBlockDepth * matrix.panel_width);
  for (std::int64_t begin = 0; begin < matrix.depth; begin += kBlockDepth) {
    const std::int64_t depth = std::min(kBlockDepth, matrix.depth - begin);
    for (std::int64_t row = 0; row < block.rows; ++row) {
      x.read(block.row_begin + row, begin, depth, a + row * kBlockStride);
      a[row * kBlockStride + depth] = 0.0F;
    }
    for (std::int64_t panel = 0; panel < block.panels; ++panel) {
      multiply_panel_part(matrix, block.panel_begin + panel, begin, depth, a, block.rows,
                          c + panel * matrix.panel_width, c_stride, widened_panel.data());
    }
  }
}

void finish_row(const Epilogue& epilogue, std::int64_t row, std::int64_t column, std::int64_t count, float* c) {
  const auto n = static_cast<std::size_t>(count);
  activate_row(epilogue.act, c, n);
  if (epilogue.gate != nullptr) {
    map_values(
        n, c, [](FloatVector v, FloatVector gate) HWY_ATTR { return hn::Mul(v, gate); }, c, epilogue.gate + column);
  }
  if (epilogue.addend.address != nullptr) {
    float scratch[kChunk];
    const Elements addend = epilogue.addend.at(row * epilogue.addend_stride + column);
    for_chunks(count, [&](std::int64_t begin, std::int64_t part) HWY_ATTR {
      const float* values = widened(addend.at(begin), part, scratch);
      map_values(
          static_cast<std::size_t>(part), c + begin,
          [](FloatVector v, FloatVector w) HWY_ATTR { return hn::Add(v, w); }, c + begin, values);
    });
  }
  narrow(c, count, epilogue.out.at(row * epilogue.out_stride + column));
}

void multiply_block(const RowSource& x, const PackedMatrix& matrix, const Block& block, const Epilogue& epilogue) {
  const std::int64_t c_stride = block.panels * matrix.panel_width;
  const std::int64_t column = block.panel_begin * matrix.panel_width;
  FloatScratch a(block.rows * kBlockStride), c(block.rows * c_stride);
  const float* bias = static_cast<const float*>(matrix.bias->address()) + column;
  for (std::int64_t row = 0; row < block.rows; ++row) std::copy_n(bias, c_stride, c.data() + row * c_stride);
  add_block_product(x, matrix, block, a.data(), c.data());
  const std::int64_t columns = std::min(c_stride, matrix.outputs - column);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    finish_row(epilogue, block.row_begin + row, column, columns, c.data() + row * c_stride);
  }
}

/// Task `index` of a product that is cut into blocks of `rows` rows and `panels` panels.
void multiply_block_at(const RowSource& x, std::int64_t all_rows, const PackedMatrix& matrix, const Epilogue& epilogue,
                       std::int64_t rows, std::int64_t panels, std::int64_t index) {
  const std::int64_t column_blocks = (matrix.panel_count() + panels - 1) / panels;
  const std::int64_t row_begin = index / column_blocks * rows;
  const std::int64_t panel_begin = index % column_blocks * panels;
  multiply_block(x, matrix,
                 {row_begin, std::min(rows, all_rows - row_begin), panel_begin,
                  std::min(panels, matrix.panel_count() - panel_begin)},
                 epilogue);
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace palimpsest {
namespace {

HWY_EXPORT(linear_panel_width);
HWY_EXPORT(multiply_block_at);

/// One panel from rows of the weight; rows beyond the last output are zero.
void pack_panel(const PackedMatrix& matrix, const RowSource& weight, std::int64_t panel) {
  constexpr std::int64_t kColumns = 64;
  const std::int64_t width = matrix.panel_width;
  const std::int64_t rows = std::min(width, matrix.outputs - panel * width);
  std::vector<float> block(static_cast<std::size_t>(width * kColumns), 0.0F);
  const Elements to = matrix.panel(panel);
  for (std::int64_t begin = 0; begin < matrix.depth; begin += kColumns) {
    const std::int64_t count = std::min(kColumns, matrix.depth - begin);
    for (std::int64_t row = 0; row < rows; ++row) {
      weight.read(panel * width + row, begin, count, block.data() + row * kColumns);
      if (count % 2 != 0) block[static_cast<std::size_t>(row * kColumns + count)] = 0.0F;
    }
    if (matrix.dtype == DType::f32) {
      float* out = reinterpret_cast<float*>(to.address) + begin * width;
      for (std::int64_t k = 0; k < count; ++k) {
        for (std::int64_t row = 0; row < width; ++row) *out++ = block[static_cast<std::size_t>(row * kColumns + k)];
      }
    } else {
      auto* out = reinterpret_cast<std::uint32_t*>(to.address) + begin / 2 * width;
      for (std::int64_t k = 0; k < count; k += 2) {
        for (std::int64_t row = 0; row < width; ++row) {
          const float* pair = block.data() + row * kColumns + k;
          *out++ = bf16_from_float(pair[0]) | std::uint32_t{bf16_from_float(pair[1])} << 16;
        }
      }
    }
  }
}

/// Parts of a weight or bias stacked along their rows.
class StackedRows final : public RowSource {
 public:
  StackedRows(std::span<const HostView> parts, std::int64_t columns) : parts_(parts), columns_(columns) {}
  void read(std::int64_t row, std::int64_t begin, std::int64_t count, float* to) const override {
    std::size_t part = 0;
    while (row >= parts_[part].shape[0]) row -= parts_[part++].shape[0];
    const Elements from{const_cast<std::byte*>(parts_[part].bytes.data()), parts_[part].dtype};
    widen(from.at(row * columns_ + begin), count, to);
  }

 private:
  std::span<const HostView> parts_;
  std::int64_t columns_;
};

/// Several vectors one after the other, seen as one row.
class JoinedVector final : public RowSource {
 public:
  explicit JoinedVector(std::span<const HostView> parts) {
    for (const HostView& part : parts) {
      const std::size_t begin = values_.size();
      values_.resize(begin + static_cast<std::size_t>(part.shape.element_count()));
      widen({const_cast<std::byte*>(part.bytes.data()), part.dtype}, part.shape.element_count(),
            values_.data() + begin);
    }
  }
  void read(std::int64_t, std::int64_t begin, std::int64_t count, float* to) const override {
    std::copy_n(values_.data() + begin, count, to);
  }

 private:
  std::vector<float> values_;
};

const PackedMatrix& matrix_of(const LinearWeight& w) {
  return dynamic_cast<const PackedLinear&>(w).matrix();
}

}  // namespace

PackedMatrix pack_matrix(HostMemory& memory, Parallel& parallel, std::int64_t outputs, std::int64_t depth,
                         const RowSource& weight, const RowSource* bias, DType dtype) {
  PackedMatrix matrix{outputs, depth, HWY_DYNAMIC_DISPATCH(linear_panel_width)(), dtype, nullptr, nullptr};
  const Shape all_panels{matrix.panel_count(), matrix.panel_elements()};
  matrix.panels = memory.allocate_weights(required_bytes(all_panels, dtype));
  const std::int64_t bias_length = matrix.panel_count() * matrix.panel_width;
  matrix.bias = memory.allocate_weights(required_bytes({bias_length}, DType::f32));
  auto* bias_values = static_cast<float*>(matrix.bias->address());
  std::fill_n(bias_values, bias_length, 0.0F);
  if (bias != nullptr) bias->read(0, 0, outputs, bias_values);
  parallel.run(matrix.panel_count(), [&](std::int64_t panel) { pack_panel(matrix, weight, panel); });
  return matrix;
}

void multiply_rows(Parallel& parallel, const RowSource& x, std::int64_t rows, const PackedMatrix& matrix,
                   const Epilogue& epilogue) {
  constexpr std::int64_t kMostRows = 96;  // with kBlockDepth, half of a small second-level cache
  constexpr std::int64_t kMostColumns = 512;
  constexpr std::int64_t kEnoughTasks = 48;
  if (rows == 0 || matrix.outputs == 0) return;
  const std::int64_t row_blocks = (rows + kMostRows - 1) / kMostRows;
  const std::int64_t block_rows = ((rows + row_blocks - 1) / row_blocks + 11) / 12 * 12;  // whole tiles
  std::int64_t panels = std::max<std::int64_t>(1, kMostColumns / matrix.panel_width);
  while (panels > 1 && row_blocks * (matrix.panel_count() / panels) < kEnoughTasks) panels = (panels + 1) / 2;
  const std::int64_t tasks = ((rows + block_rows - 1) / block_rows) * ((matrix.panel_count() + panels - 1) / panels);
  parallel.run(tasks, [&](std::int64_t index) {
    HWY_DYNAMIC_DISPATCH(multiply_block_at)(x, rows, matrix, epilogue, block_rows, panels, index);
  });
}

LinearWeightPtr PortableBackend::prepare_linear(std::span<const HostView> weights, std::span<const HostView> biases) {
  const Shape shape = check_linear_parts(weights, biases);
  const bool all_bf16 = std::all_of(weights.begin(), weights.end(), [](auto& w) { return w.dtype == DType::bf16; });
  const DType dtype = all_bf16 ? DType::bf16 : compute_dtype_;
  const StackedRows rows(weights, shape[1]);
  const JoinedVector bias(biases);
  return std::make_shared<PackedLinear>(
      pack_matrix(*memory_, parallel_, shape[0], shape[1], rows, biases.empty() ? nullptr : &bias, dtype));
}

void PortableBackend::linear(const Tensor& x, const LinearWeight& w, Activation act, Tensor& out,
                             std::int64_t out_column) {
  check_linear(x, w, out, out_column);
  const DenseRows rows(elements_of(x), x.shape()[1]);
  multiply_rows(parallel_, rows, x.shape()[0], matrix_of(w),
                {act, nullptr, {}, 0, elements_of(out).at(out_column), out.shape()[1]});
}

void PortableBackend::linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, Tensor& residual) {
  check_linear_residual(x, w, gate, residual);
  const DenseRows rows(elements_of(x), x.shape()[1]);
  const std::int64_t stride = residual.shape()[1];
  multiply_rows(parallel_, rows, x.shape()[0], matrix_of(w),
                {Activation::none, gate != nullptr ? gate->data<float>() : nullptr, elements_of(residual), stride,
                 elements_of(residual), stride});
}

}  // namespace palimpsest
#endif
