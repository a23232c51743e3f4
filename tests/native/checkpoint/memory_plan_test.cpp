#include "native/checkpoint/memory_plan.h"

#include <doctest/doctest.h>

#include "tests/native/checkpoint/refusal.h"
#include "tests/native/checkpoint/synthetic_checkpoint.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;

ModelDims real_dims() {
  ModelDims dims{.hidden_size = 3072,
                 .mlp_size = 12288,
                 .text_tokens = 512,
                 .t5_size = 4096,
                 .t5_mlp_size = 10240,
                 .decoder_channels = 256};
  for (const char* network : {"flux_dev_bfl", "vae_bfl", "clip_l_hf", "t5xxl_hf"}) {
    for (const auto& [name, shape] : real_names(network)) dims.parameters += element_count(shape);
  }
  return dims;
}

constexpr RunSize kEdit{.width = 1024, .height = 1024, .reference_width = 1024, .reference_height = 1024};

}  // namespace

TEST_CASE("the plan of FLUX.1-Kontext-dev has its 17 billion weights in bf16 and the maps of the AutoEncoder") {
  const MemoryPlan plan = plan_memory(real_dims(), kEdit);
  CHECK(plan.weights == 2 * (11'901'408'320 + 83'819'683 + 123'060'557 + 4'893'906'944));
  // At a megapixel the three maps of 256 channels are more than the transformer's 8,704 tokens need.
  CHECK(plan.activations == 2ULL * 3 * 256 * 1024 * 1024);
}

TEST_CASE("a phase that needs most decides the activations") {
  ModelDims dims = real_dims();
  dims.decoder_channels = 1;
  CHECK(plan_memory(dims, kEdit).activations == 2ULL * 8704 * (10 * 3072 + 2 * 12288));
  dims.hidden_size = dims.mlp_size = 1;
  CHECK(plan_memory(dims, {.width = 64, .height = 64}).activations == 2ULL * 512 * (6 * 4096 + 3 * 10240));
  dims.dtype_bytes = 4;
  CHECK(plan_memory(dims, {.width = 64, .height = 64}).activations == 4ULL * 512 * (6 * 4096 + 3 * 10240));
}

TEST_CASE("what fits is let pass") {
  CHECK_NOTHROW(check_memory(real_dims(), kEdit, plan_memory(real_dims(), kEdit).total()));
}

TEST_CASE("weights that do not fit are refused with the bytes needed and available") {
  check_refused("out_of_memory", "weights need 34.0 GB and 8.0 GB are available",
                [] { check_memory(real_dims(), kEdit, 8 * kGigabyte); });
  try {
    check_memory(real_dims(), kEdit, 8 * kGigabyte);
  } catch (const PalimpsestError& error) {
    CHECK(error.error().http_status == 507);
  }
}

TEST_CASE("activations that do not fit are refused with the largest size of the same proportions that does") {
  const ModelDims dims = real_dims();
  const RunSize run{.width = 2048, .height = 1024};
  const RunSize half{.width = 1024, .height = 512};
  const std::uint64_t enough_for_half = plan_memory(dims, half).total();
  check_refused("out_of_memory", "the largest size that fits is 1024 x 512",
                [&] { check_memory(dims, run, enough_for_half); });
  check_refused("out_of_memory", "2048 x 1024 needs 37.2 GB (34.0 GB of it for the model's weights)",
                [&] { check_memory(dims, run, enough_for_half); });
  check_refused("out_of_memory", "the largest size that fits is 1008 x 512",
                [&] { check_memory(dims, run, enough_for_half - 1); });
  check_refused("out_of_memory", "no smaller size fits",
                [&] { check_memory(dims, run, plan_memory(dims, half).weights + 1); });
}

TEST_CASE("a reference picture that alone is too much leaves no size") {
  const ModelDims dims = real_dims();
  const RunSize run{.width = 512, .height = 512, .reference_width = 2048, .reference_height = 2048};
  check_refused("out_of_memory", "no smaller size fits",
                [&] { check_memory(dims, run, plan_memory(dims, {.width = 512, .height = 512}).total()); });
}
