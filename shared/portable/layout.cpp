#include <string>

#include "shared/base/error.h"
#include "shared/portable/elements.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

namespace palimpsest {

Tensor PortableBackend::upsample_nearest_2x(const Tensor& x) {
  check_float("upsample_nearest_2x", x);
  if (x.shape().rank() != 3) {
    fail(codes::kInvalidValue, "[upsample_nearest_2x] x " + x.shape().to_string() + " must have 3 dimensions");
  }
  const std::int64_t height = x.shape()[0], width = x.shape()[1], channels = x.shape()[2];
  Tensor out = allocate({2 * height, 2 * width, channels}, x.dtype());
  const Elements from = elements_of(x), to = elements_of(out);
  for_row_pieces(2 * height, 2 * width * channels, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t column = 0; column < 2 * width; ++column) {
        convert(from.at((row / 2 * width + column / 2) * channels), channels,
                to.at((row * 2 * width + column) * channels));
      }
    }
  });
  return out;
}

Tensor PortableBackend::slice_columns(const Tensor& x, std::int64_t begin, std::int64_t count) {
  check_columns("slice_columns", x, begin, count);
  const std::int64_t rows = x.shape()[0], stride = x.shape()[1];
  Tensor out = allocate({rows, count}, x.dtype());
  const Elements from = elements_of(x).at(begin), to = elements_of(out);
  for_row_pieces(rows, count, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) convert(from.at(row * stride), count, to.at(row * count));
  });
  return out;
}

void PortableBackend::write_columns(Tensor& x, std::int64_t begin, const Tensor& part) {
  check_float("write_columns", x);
  check_float("write_columns", part);
  check_columns("write_columns", x, begin, part.shape().rank() == 2 ? part.shape()[1] : -1);
  const std::int64_t rows = x.shape()[0], stride = x.shape()[1], count = part.shape()[1];
  if (part.shape()[0] != rows) {
    fail(codes::kInvalidValue,
         "[write_columns] x " + x.shape().to_string() + " and part " + part.shape().to_string() + " differ in rows");
  }
  const Elements from = elements_of(part), to = elements_of(x).at(begin);
  for_row_pieces(rows, count, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) convert(from.at(row * count), count, to.at(row * stride));
  });
}

Tensor PortableBackend::embedding(const Tensor& table, const Tensor& ids) {
  check_float("embedding", table);
  check_embedding(table, ids);
  const std::int64_t tokens = ids.shape()[0], width = table.shape()[1];
  const auto* chosen = ids.data<std::int32_t>();
  for (std::int64_t t = 0; t < tokens; ++t) {
    if (chosen[t] < 0 || chosen[t] >= table.shape()[0]) {
      fail(codes::kInvalidValue, "[embedding] id " + std::to_string(chosen[t]) + " is outside of the table of " +
                                     std::to_string(table.shape()[0]) + " rows");
    }
  }
  Tensor out = allocate({tokens, width}, compute_dtype_);
  const Elements from = elements_of(table), to = elements_of(out);
  for_row_pieces(tokens, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) convert(from.at(chosen[t] * width), width, to.at(t * width));
  });
  return out;
}

}  // namespace palimpsest
