#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "native/backends/registry.h"
#include "tests/support/backend_op_cases.h"

using namespace palimpsest;

namespace {

std::vector<float> random_values(const Shape& shape) {
  std::mt19937 generator(11);
  std::vector<float> values(static_cast<std::size_t>(shape.element_count()));
  for (float& value : values) value = static_cast<float>(static_cast<double>(generator()) * 0x1p-31 - 1.0);
  return values;
}

/// Sizes at which a library splits sums and columns over threads: deep products of few rows, pictures of many bands.
std::vector<float> large_op_results(Backend& backend) {
  std::vector<float> results;
  const auto keep = [&](const Tensor& tensor) {
    const std::size_t begin = results.size();
    results.resize(begin + static_cast<std::size_t>(tensor.shape().element_count()));
    backend.download(tensor, std::span(results).subspan(begin));
  };
  const auto upload = [&](const Shape& shape) {
    return backend.upload(view_of(random_values(shape), shape), backend.compute_dtype());
  };
  const Shape deep{1100, 4096};
  const std::vector<float> deep_values = random_values(deep);
  const HostView deep_view = view_of(deep_values, deep);
  const LinearWeightPtr weight = backend.prepare_linear({&deep_view, 1}, {});
  for (const std::int64_t rows : {1, 7, 300}) keep(backend.linear(upload({rows, 4096}), *weight));

  const Tensor qkv = upload({333, 3 * 2 * 128});
  Tensor out = backend.allocate({333, 256}, backend.compute_dtype());
  backend.attention(qkv, 2, {0.09F}, out, 0);
  keep(out);

  const Shape kernel{48, 32, 3, 3};
  const std::vector<float> kernel_values = random_values(kernel), bias(48, 0.5F);
  const ConvWeightPtr conv = backend.prepare_conv(view_of(kernel_values, kernel), view_of(bias, {48}));
  keep(backend.conv2d(upload({70, 65, 32}), *conv, {2, 0, 0, 1, 1}, nullptr));
  return results;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("one, two and three threads give the same bits in every op of every backend") {
  for (const AvailableBackend& available : available_backends()) {
    for (const char* dtype : {"f32", "bf16"}) {
      CAPTURE(std::string(available.name));
      CAPTURE(dtype);
      const OwnedBackend one = make_backend(available.name, dtype, 1);
      const std::vector<float> all = testing::all_op_results(*one), large = large_op_results(*one);
      for (const int threads : {2, 3}) {
        CAPTURE(threads);
        const OwnedBackend more = make_backend(available.name, dtype, threads);
        CHECK(same_bits(testing::all_op_results(*more), all));
        CHECK(same_bits(large_op_results(*more), large));
      }
    }
  }
}
