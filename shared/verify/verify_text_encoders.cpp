#include <string>

#include "shared/models/clip_text_encoder.h"
#include "shared/models/t5_encoder.h"
#include "shared/verify/golden_cases.h"
#include "shared/verify/verify_networks.h"

namespace palimpsest {
namespace {

// bf16: one rounding is off by 2^-9 at most, 1.1e-3 in the root mean square; three layers of a handful of roundings
// each, added like random errors, stay below 1e-2, and below this with the margin of the transformer's bound.
Tolerance tolerance_of(const Backend& backend) {
  return backend.compute_dtype() == DType::bf16 ? Tolerance{2.5e-2, 0} : Tolerance{0, 2e-5};
}

template <typename Encoder>
std::vector<CheckResult> verify_encoder(const Encoder& encoder, const TensorSource& io, const std::string& output,
                                        Backend& backend) {
  std::vector<CheckResult> results;
  for (const GoldenCase& golden : golden_cases(io, "input_ids")) {
    const Tensor states = encoder.forward(golden.integers("input_ids"), {});
    compare(golden.name(), output, backend.to_host(states), golden.floats(output), tolerance_of(backend), results);
  }
  return results;
}

}  // namespace

std::vector<CheckResult> verify_t5(const TensorSource& weights, const T5Config& config, const TensorSource& io,
                                   Backend& backend) {
  return verify_encoder(*load_network<T5Encoder>(config, weights, backend), io, "last_hidden_state", backend);
}

std::vector<CheckResult> verify_clip(const TensorSource& weights, const ClipTextConfig& config, const TensorSource& io,
                                     Backend& backend) {
  return verify_encoder(*load_network<ClipTextEncoder>(config, weights, backend), io, "pooler_output", backend);
}

}  // namespace palimpsest
