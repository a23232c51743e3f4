#include "shared/tensor/shape.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

TEST_CASE("a shape counts its elements and rows and prints itself") {
  const Shape shape{4608, 24, 128};
  CHECK(shape.rank() == 3);
  CHECK(shape[0] == 4608);
  CHECK(shape[-1] == 128);
  CHECK(shape.element_count() == 4608 * 24 * 128);
  CHECK(shape.row_count() == 4608 * 24);
  CHECK(shape.to_string() == "(4608, 24, 128)");
  CHECK(shape.with_first(2) == Shape{2, 24, 128});
  CHECK(shape != Shape{4608, 24});
}

TEST_CASE("a scalar has one element and no first dimension") {
  CHECK(Shape().element_count() == 1);
  CHECK(Shape().row_count() == 1);
  CHECK(Shape().to_string() == "()");
  CHECK_THROWS_AS(Shape().with_first(1), PalimpsestError);
}

TEST_CASE("a zero dimension makes an empty shape, even beside huge ones") {
  CHECK(Shape{0, std::numeric_limits<std::int64_t>::max(), 2}.element_count() == 0);
}

TEST_CASE("hostile dimensions are refused") {
  CHECK_THROWS_AS((Shape{3, -1}), PalimpsestError);
  CHECK_THROWS_AS((Shape{std::int64_t{1} << 32, std::int64_t{1} << 31}), PalimpsestError);
  const std::vector<std::int64_t> nine(9, 1);
  CHECK_THROWS_AS(Shape(std::span<const std::int64_t>(nine)), PalimpsestError);
}

}  // namespace
}  // namespace palimpsest
