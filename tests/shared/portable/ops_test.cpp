#include <doctest/doctest.h>

#include "shared/base/error.h"
#include "shared/portable/portable_backend.h"
#include "tests/support/backend_op_cases.h"

namespace palimpsest {
namespace {

TEST_CASE("every op of the portable backend is within rounding of double arithmetic") {
  SerialParallel serial;
  testing::check_backend_ops(
      [&](DType dtype) -> std::unique_ptr<Backend> { return std::make_unique<PortableBackend>(serial, dtype); });
}

TEST_CASE("bf16 weights take two bytes each even where the computation is in f32") {
  SerialParallel serial;
  PortableBackend backend(serial, DType::f32);
  const std::vector<std::uint16_t> weight(256 * 256, 0x3f80);
  const HostView view{DType::bf16, {256, 256}, std::as_bytes(std::span(weight))};
  const LinearWeightPtr packed = backend.prepare_linear(std::span(&view, 1), {});
  CHECK(backend.memory_use().weight_bytes < 256 * 256 * 2 + 4096);
}

TEST_CASE("the portable backend refuses a compute dtype that it has no kernels for") {
  SerialParallel serial;
  CHECK_THROWS_AS(PortableBackend(serial, DType::f16), PalimpsestError);
}

}  // namespace
}  // namespace palimpsest
