#include "shared/models/autoencoder_layers.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/shared/models/memory_source.h"
#include "tests/support/close_to.h"
#include "tests/support/test_backend.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::vector<float> waves(std::int64_t count, float step, float offset = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(step * static_cast<float>(i)) + offset;
  return values;
}

ConvOptions padded() {
  ConvOptions options;
  options.pad_top = options.pad_left = options.pad_bottom = options.pad_right = 1;
  return options;
}

// Maps of this many channels, this wide, are cut after 512 rows.
constexpr std::int64_t kChannels = 8, kGroups = 2, kWidth = 1024, kHeight = 600;

MemorySource norm_conv_weights() {
  MemorySource source;
  source.add("norm.weight", {kChannels}, waves(kChannels, 0.7F, 1.5F));
  source.add("norm.bias", {kChannels}, waves(kChannels, 1.3F));
  source.add("conv.weight", {kChannels, kChannels, 3, 3}, waves(kChannels * kChannels * 9, 0.37F));
  source.add("conv.bias", {kChannels}, waves(kChannels, 2.1F));
  return source;
}

}  // namespace

TEST_CASE("a map done in strips is normalised as a whole and has no seams") {
  TestBackend backend;
  const MemorySource source = norm_conv_weights();
  WeightLoader loader(source, reference_names, *backend, {});
  const NormConv layer(loader, "norm", "conv", kChannels, kChannels, kGroups);
  std::vector<float> values = waves(kHeight * kWidth * kChannels, 0.0113F, 0.4F);
  // The lower part differs, so that a strip's own statistics would show.
  for (std::size_t i = values.size() / 2; i < values.size(); ++i) values[i] = 3 * values[i] - 5;
  Tensor x = backend.upload(values, {kHeight, kWidth, kChannels});

  const Tensor weight = loader.vector("norm.weight", kChannels), bias = loader.vector("norm.bias", kChannels);
  const Tensor normed = backend->group_norm(x, kGroups, weight, bias, 1e-6F, Activation::silu);
  const ConvWeightPtr conv = loader.conv("conv", kChannels, kChannels, 3);
  const std::vector<float> whole = backend.download(backend->conv2d(normed, *conv, padded(), nullptr));
  // Sums of 72 products of at most 10 in f32, from normalised values off by a few units in the last place of 10.
  const double tolerance = 2e-4;
  check_close(backend.download(layer.forward(*backend, x, {})), whole, tolerance);

  SUBCASE("also when the result, with what is added, overwrites the input") {
    const Tensor added = backend.upload(values, x.shape());
    layer.forward_in_place(*backend, x,
                           [&](std::int64_t begin, std::int64_t count) { return added.rows(begin, count); }, {});
    std::vector<float> want = whole;
    for (std::size_t i = 0; i < want.size(); ++i) want[i] += values[i];
    check_close(backend.download(x), want, tolerance);
  }
}

TEST_CASE("doubling the resolution in strips has no seams") {
  TestBackend backend;
  const std::int64_t height = 150;  // cut after 128 rows
  const MemorySource source = norm_conv_weights();
  WeightLoader loader(source, reference_names, *backend, {});
  const ConvWeightPtr conv = loader.conv("conv", kChannels, kChannels, 3);
  const Tensor x = backend.upload(waves(height * kWidth * kChannels, 0.0171F), {height, kWidth, kChannels});
  const Tensor whole = backend->conv2d(backend->upsample_nearest_2x(x), *conv, padded(), nullptr);
  check_close(backend.download(upsample(*backend, x, *conv, {})), backend.download(whole), 1e-5);
}

TEST_CASE("halving the resolution pads on the right and at the bottom only") {
  TestBackend backend;
  std::vector<float> top_left(9), bottom_right(9);
  top_left[0] = 1;
  bottom_right[8] = 1;
  const std::vector<float> zero = {0};
  const auto halved = [&](const std::vector<float>& kernel) {
    const ConvWeightPtr conv = backend->prepare_conv(view_of(kernel, {1, 1, 3, 3}), view_of(zero, {1}));
    return backend.download(downsample(*backend, backend.upload({1, 2, 3, 4}, {2, 2, 1}), *conv));
  };
  CHECK(halved(top_left) == std::vector<float>{1});
  CHECK(halved(bottom_right) == std::vector<float>{0});
}
