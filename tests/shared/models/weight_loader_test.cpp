#include "shared/models/weight_loader.h"

#include <doctest/doctest.h>

#include "shared/models/clip_text_encoder.h"
#include "shared/models/flux_names.h"
#include "tests/shared/models/memory_source.h"
#include "tests/shared/models/refusal.h"
#include "tests/support/golden_file.h"
#include "tests/support/test_backend.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

bool ignores_nothing(std::string_view) {
  return false;
}

// A network of one layer.
struct OneLayer {
  OneLayer(int width, WeightLoader& weights) : layer(weights.linear("layer", width, {2, 3})) {}
  static NameMap name_map(int, const TensorSource&) { return reference_names; }
  static bool is_ignored(std::string_view name) { return name == "note"; }

  LinearWeightPtr layer;
};

MemorySource one_layer() {
  MemorySource source;
  source.add("layer.weight", {5, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  source.add("layer.bias", {5}, {0, 0, 0, 0, 100});
  return source;
}

}  // namespace

TEST_CASE("a checkpoint that fits is loaded, and progress ends at all of its bytes") {
  TestBackend backend;
  std::uint64_t done = 0, total = 0;
  LoadOptions options;
  options.progress = [&](std::uint64_t done_bytes, std::uint64_t total_bytes) {
    CHECK(done_bytes >= done);
    done = done_bytes;
    total = total_bytes;
  };
  const auto network = load_network<OneLayer>(2, one_layer(), *backend, options);
  const Tensor y = backend->linear(backend.upload({1, 1}, {1, 2}), *network->layer);
  CHECK(backend.download(y) == std::vector<float>{3, 7, 11, 15, 119});
  CHECK(done == 60);
  CHECK(total == 60);
}

TEST_CASE("a missing tensor is named and nothing is loaded") {
  TestBackend backend;
  MemorySource source = one_layer();
  source.remove("layer.bias");
  const Error error = refusal_of([&] { load_network<OneLayer>(2, source, *backend); });
  CHECK(error.code == "MODEL_TENSOR_MISSING");
  CHECK(error.message == "made-up.safetensors: layer.bias is missing");
  CHECK(backend->memory_use().weight_bytes == 0);
}

TEST_CASE("a tensor of another shape is named with both shapes") {
  const Error error = refusal_of([] { check_network<OneLayer>(4, one_layer()); });
  CHECK(error.code == "MODEL_ARCH_MISMATCH");
  CHECK(mentions(error, "layer.weight has the shape (5, 2) instead of (5, 4)"));
}

TEST_CASE("a tensor that the network does not know is refused unless it is on the list") {
  MemorySource source = one_layer();
  source.add("note", {1}, {0});
  CHECK_NOTHROW(check_network<OneLayer>(2, source));
  source.add("layer.\x1b[31m", {1}, {0});
  const Error error = refusal_of([&] { check_network<OneLayer>(2, source); });
  CHECK(error.code == "MODEL_ARCH_MISMATCH");
  CHECK(mentions(error, "belongs to no layer"));
  CHECK_FALSE(mentions(error, "\x1b"));
}

TEST_CASE("a dtype that cannot be computed with is refused by name") {
  MemorySource source = one_layer();
  source.add("layer.weight", {5, 2}, DType::f8_e4m3);
  const Error error = refusal_of([&] { check_network<OneLayer>(2, source); });
  CHECK(error.code == "MODEL_DTYPE_UNSUPPORTED");
  CHECK(mentions(error, "f8_e4m3"));
}

TEST_CASE("of many problems five are told and the rest is counted") {
  MemorySource source;
  WeightLoader loader(source, reference_names);
  for (int i = 0; i < 4; ++i) loader.linear("layer" + std::to_string(i), 2, {2});
  const Error error = refusal_of([&] { loader.finish(ignores_nothing); });
  CHECK(mentions(error, "layer2.weight is missing; and 3 more"));
}

TEST_CASE("loading stops when it is asked to") {
  TestBackend backend;
  LoadOptions options;
  options.stop.request_stop();
  CHECK(refusal_of([&] { load_network<OneLayer>(2, one_layer(), *backend, options); }).code == codes::kCancelled);
}

TEST_CASE("parts that a checkpoint keeps apart are stacked in the order of the map") {
  TestBackend backend;
  MemorySource source;
  source.add("halves.weight", {4, 1}, {1, 2, 3, 4});
  source.add("halves.bias", {4}, {0, 0, 0, 0});
  const NameMap swapped = [](std::string_view name) -> std::vector<StoredPart> {
    return {{std::string(name), 1, 2}, {std::string(name), 0, 2}};
  };
  WeightLoader loader(source, swapped, *backend, {});
  const LinearWeightPtr layer = loader.linear("halves", 1, {2, 2});
  CHECK(backend.download(backend->linear(backend.upload({1}, {1, 1}), *layer)) == std::vector<float>{3, 4, 1, 2});
}

TEST_CASE("a layer is split into two that compute its parts") {
  TestBackend backend;
  MemorySource source = one_layer();
  WeightLoader loader(source, reference_names, *backend, {});
  const auto [first, rest] = loader.split_linear("layer", 2, {2, 3}, 1);
  const Tensor x = backend.upload({1, 1}, {1, 2});
  CHECK(backend.download(backend->linear(x, *first)) == std::vector<float>{3, 7});
  CHECK(backend.download(backend->linear(x, *rest)) == std::vector<float>{11, 15, 119});
}

TEST_CASE("a linear layer may be stored as a 1x1 convolution") {
  MemorySource source = one_layer();
  source.add("layer.weight", {5, 2, 1, 1}, DType::f32);
  CHECK_NOTHROW(check_network<OneLayer>(2, source));
  source.add("layer.weight", {5, 2, 3, 3}, DType::f32);
  CHECK_THROWS_AS(check_network<OneLayer>(2, source), PalimpsestError);
}

TEST_CASE("half-precision weights reach the host as f32") {
  TestBackend backend;
  const GoldenFile bf16("t5_tiny.safetensors"), f16("flux_schnell_tiny.safetensors");
  WeightLoader bf16_loader(bf16.source(), reference_names, *backend, {});
  const std::string bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
  CHECK(bf16_loader.host_values(bias, {32, 4}) == bf16.floats(bias));
  WeightLoader f16_loader(f16.source(), reference_names, *backend, {});
  const std::vector<std::uint16_t> bits = f16.values<std::uint16_t>("img_in.bias");
  const std::vector<float> values = f16_loader.host_values("img_in.bias", {64});
  for (std::size_t i = 0; i < bits.size(); ++i) CHECK(values[i] == float_from_f16(bits[i]));
}
