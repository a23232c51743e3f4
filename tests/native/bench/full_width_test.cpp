#include "native/bench/full_width.h"

#include <doctest/doctest.h>

#include "native/backends/registry.h"

using namespace palimpsest;

TEST_CASE("a decoding at the real width is measured, with its weights and what it holds at most") {
  const OwnedBackend backend = make_backend("auto", "auto", 1);
  const DecodeMeasurement m = measure_decode(*backend, 16, 1);
  CHECK(m.seconds > 0);
  // The decoder has 49.5 million weights, the encoder 34.3; 2 bytes each at least.
  CHECK(m.weight_bytes > 160'000'000);
  CHECK(m.peak_activation_bytes > 0);
}
