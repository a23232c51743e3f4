#include <doctest/doctest.h>

#include <cstring>

#include "shared/portable/portable_backend.h"
#include "tests/support/backend_op_cases.h"
#include "tests/support/thread_parallel.h"

namespace palimpsest {
namespace {

TEST_CASE("results have the same bits with 1, 2 and 3 threads") {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    CAPTURE(name_of(dtype));
    SerialParallel serial;
    PortableBackend alone(serial, dtype);
    const std::vector<float> want = testing::all_op_results(alone);
    for (const int threads : {2, 3}) {
      CAPTURE(threads);
      testing::ThreadParallel parallel(threads);
      PortableBackend backend(parallel, dtype);
      const std::vector<float> got = testing::all_op_results(backend);
      REQUIRE(got.size() == want.size());
      CHECK(std::memcmp(got.data(), want.data(), want.size() * sizeof(float)) == 0);
    }
  }
}

}  // namespace
}  // namespace palimpsest
