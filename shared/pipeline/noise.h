#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "shared/tensor/dtype.h"

namespace palimpsest {

/// Ten rounds of Philox4x32: 128 random bits for a counter under a key.
/// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; Random123 philox.h.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Standard normal values; the value of an element depends on the 64-bit seed and its index alone, and has the same
/// bits on every machine. Four values per counter, by Box-Muller in double precision.
std::vector<float> philox_normal(std::uint64_t seed, std::size_t count);

/// PyTorch's CPU generator: Mersenne Twister on the low 32 bits of a seed, and the exact ways of torch.randn.
/// Source: PyTorch 1.13, aten/src/ATen/native/cpu/DistributionTemplates.h `normal_fill`, core/DistributionsHelper.h
/// `normal_distribution`.
class TorchCpuGenerator {
 public:
  explicit TorchCpuGenerator(std::uint64_t seed) : engine_(static_cast<std::uint32_t>(seed)) {}

  /// The next torch.randn(count, dtype), as f32. dtype is f32 or bf16; bf16 is another sequence, not a rounding of f32.
  std::vector<float> normal(std::size_t count, DType dtype);

 private:
  double uniform53();
  double next_normal();
  void fill_uniform(std::span<float> values, DType dtype);

  std::mt19937 engine_;  // the standard fixes its output to the bit
  double cached_normal_ = 0;
  bool has_cached_normal_ = false;
};

/// A seed from the machine's source of randomness, for requests without one.
std::uint64_t random_seed();

}  // namespace palimpsest
