#include "shared/tensor/tensor.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

/// A tensor over the array's own memory.
template <std::size_t kCount>
Tensor tensor_over(std::array<float, kCount>& values, const Shape& shape) {
  return {shape, DType::f32, std::make_shared<Storage>(values.data(), sizeof(values))};
}

TEST_CASE("rows are views into the same memory") {
  std::array<float, 12> values{};
  const Tensor tensor = tensor_over(values, {4, 3});
  const Tensor rows = tensor.rows(1, 2);
  CHECK(rows.shape() == Shape{2, 3});
  CHECK(rows.data<float>() == values.data() + 3);
  CHECK(rows.rows(1, 1).data<float>() == values.data() + 6);
  CHECK(rows.size_bytes() == 24);
  CHECK(tensor.rows(4, 0).shape().element_count() == 0);
}

TEST_CASE("rows outside of the tensor are refused") {
  std::array<float, 12> values{};
  const Tensor tensor = tensor_over(values, {4, 3});
  CHECK_THROWS_AS(tensor.rows(3, 2), PalimpsestError);
  CHECK_THROWS_AS(tensor.rows(-1, 1), PalimpsestError);
  CHECK_THROWS_AS(tensor.rows(0, -1), PalimpsestError);
  CHECK_THROWS_AS(tensor.rows(1, std::int64_t{1} << 62), PalimpsestError);
}

TEST_CASE("another shape of the same count sees the same elements") {
  std::array<float, 12> values{};
  const Tensor view = tensor_over(values, {4, 3}).rows(2, 2).reshaped({3, 2, 1});
  CHECK(view.shape() == Shape{3, 2, 1});
  CHECK(view.data<float>() == values.data() + 6);
  CHECK_THROWS_AS(view.reshaped({7}), PalimpsestError);
}

TEST_CASE("a default tensor is empty") {
  CHECK(Tensor().empty());
}

TEST_CASE("host views slice rows of any dtype") {
  const std::vector<std::int32_t> ids = {1, 2, 3, 4, 5, 6};
  const HostView rows = view_of(ids, {3, 2}).rows(1, 1);
  CHECK(rows.dtype == DType::i32);
  CHECK(rows.shape == Shape{1, 2});
  CHECK(rows.bytes.size() == 8);
  CHECK(rows.bytes.data() == reinterpret_cast<const std::byte*>(ids.data() + 2));
  CHECK_THROWS_AS(view_of(ids, {3, 2}).rows(2, 2), PalimpsestError);
}

}  // namespace
}  // namespace palimpsest
