#include <algorithm>
#include <string>

#include "shared/base/error.h"
#include "shared/models/autoencoder.h"
#include "shared/verify/golden_cases.h"
#include "shared/verify/verify_networks.h"

namespace palimpsest {
namespace {

struct Picture {
  Shape shape;  // [height, width, channels]
  std::vector<float> values;
};

/// A golden picture, which is [channels, height, width].
Picture channels_last(const GoldenCase& golden, const std::string& name) {
  const Shape stored = golden.shape(name);
  if (stored.rank() != 3) fail("MODEL_ARCH_MISMATCH", name + " must have the shape (1, channels, height, width)");
  const std::vector<float> values = golden.floats(name);
  Picture picture{{stored[1], stored[2], stored[0]}, std::vector<float>(values.size())};
  const auto channels = static_cast<std::size_t>(stored[0]),
             pixels = values.size() / std::max<std::size_t>(1, channels);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < pixels; ++i) picture.values[i * channels + c] = values[c * pixels + i];
  }
  return picture;
}

}  // namespace

std::vector<CheckResult> verify_autoencoder(const TensorSource& weights, const AutoEncoderConfig& config,
                                            const TensorSource& io, Backend& backend) {
  const auto network = load_network<AutoEncoder>(config, weights, backend);
  const Tolerance tolerance = backend.compute_dtype() == DType::bf16 ? Tolerance{3e-2, 0} : Tolerance{0, 5e-5};
  std::vector<CheckResult> results;
  const auto check = [&](const GoldenCase& golden, const char* input, const char* output, bool encode) {
    const Picture in = channels_last(golden, input);
    const Tensor x = backend.upload(view_of(in.values, in.shape), DType::f32);
    const Tensor y = encode ? network->encode(x, {}) : network->decode(x, {});
    compare(golden.name(), output, backend.to_host(y), channels_last(golden, output).values, tolerance, results);
  };
  for (const GoldenCase& golden : golden_cases(io, "in.image")) {
    check(golden, "in.image", "z", true);
    check(golden, "z", "decoded", false);
    if (golden.has("in.z2")) check(golden, "in.z2", "decoded2", false);
  }
  return results;
}

}  // namespace palimpsest
