#include "shared/verify/verify_networks.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "shared/base/error.h"
#include "shared/verify/golden_cases.h"
#include "tests/support/golden_file.h"
#include "tests/support/test_backend.h"

using namespace palimpsest;
using namespace palimpsest::testing;

TEST_CASE("every case and every row of a batch is verified") {
  const GoldenFile io("flux_dev_tiny_io.safetensors"), single("flux_mini_io.safetensors");
  std::vector<std::string> names;
  for (const GoldenCase& golden : golden_cases(io.source(), "in.img")) names.push_back(golden.name());
  CHECK(names == std::vector<std::string>{"case0", "case1", "case1/1", "case2"});
  CHECK(golden_cases(single.source(), "in.img").at(0).name() == "case");
}

TEST_CASE("a checkpoint with other weights does not pass") {
  TestBackend backend;
  const GoldenFile weights("flux_dev_tiny.safetensors"), io("flux_dev_tiny_io.safetensors");
  FluxConfig config = flux_config_from_json(weights.config());
  config.theta = 100;
  const auto results = verify_transformer(weights.source(), config, io.source(), *backend);
  CHECK(std::any_of(results.begin(), results.end(), [](const CheckResult& result) { return !result.passed; }));
}

TEST_CASE("a golden file of another network is refused") {
  TestBackend backend;
  const GoldenFile weights("flux_dev_tiny.safetensors"), io("t5_tiny_io.safetensors");
  CHECK_THROWS_AS(verify_transformer(weights.source(), flux_config_from_json(weights.config()), io.source(), *backend),
                  PalimpsestError);
}
