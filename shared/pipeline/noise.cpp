#include "shared/pipeline/noise.h"

#include <algorithm>
#include <cmath>

#include "shared/base/elementary.h"
#include "shared/base/error.h"

namespace palimpsest {
namespace {

constexpr double kTwoPi = 6.283185307179586476925;

float to_bf16(double value) {
  return float_from_bf16(bf16_from_float(static_cast<float>(value)));
}

struct NormalPair {
  double first, second;
};

NormalPair box_muller(double radius_uniform, double angle_uniform) {
  const double radius = std::sqrt(-2.0 * exact_log(radius_uniform));
  const SinCos direction = exact_sin_cos(kTwoPi * angle_uniform);
  return {radius * direction.cos, radius * direction.sin};
}

// Turns 16 uniform values into 16 normal ones; element j is paired with j + 8.
void normal_block_f32(float* u) {
  for (int j = 0; j < 8; ++j) {
    const auto radius = static_cast<float>(std::sqrt(-2.0 * exact_log(1.0 - static_cast<double>(u[j]))));
    const SinCos direction = exact_sin_cos(kTwoPi * static_cast<double>(u[j + 8]));
    u[j] = static_cast<float>(radius * direction.cos);
    u[j + 8] = static_cast<float>(radius * direction.sin);
  }
}

// The same where PyTorch computes in bf16: every intermediate value is rounded.
void normal_block_bf16(float* u) {
  for (int j = 0; j < 8; ++j) {
    const float log = to_bf16(exact_log(static_cast<double>(to_bf16(1.0F - u[j]))));
    const float radius = to_bf16(std::sqrt(to_bf16(-2.0F * log)));
    const SinCos direction = exact_sin_cos(static_cast<double>(to_bf16(kTwoPi * static_cast<double>(u[j + 8]))));
    u[j] = to_bf16(radius * to_bf16(direction.cos));
    u[j + 8] = to_bf16(radius * to_bf16(direction.sin));
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
  }
  return counter;
}

std::vector<float> philox_normal(std::uint64_t seed, std::size_t count) {
  constexpr double kUnit = 1.0 / 4294967296.0;
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  std::vector<float> values(count);
  for (std::size_t begin = 0; begin < count; begin += 4) {
    const std::uint64_t index = begin / 4;
    const auto bits = philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, 0}, key);
    const NormalPair a = box_muller((bits[0] + 0.5) * kUnit, bits[1] * kUnit);
    const NormalPair b = box_muller((bits[2] + 0.5) * kUnit, bits[3] * kUnit);
    const double four[] = {a.first, a.second, b.first, b.second};
    for (std::size_t i = begin; i < std::min(begin + 4, count); ++i) values[i] = static_cast<float>(four[i - begin]);
  }
  return values;
}

double TorchCpuGenerator::uniform53() {
  const std::uint64_t high = engine_();
  const std::uint64_t low = engine_();
  return static_cast<double>((high << 32 | low) & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53;
}

double TorchCpuGenerator::next_normal() {
  if (has_cached_normal_) {
    has_cached_normal_ = false;
    return cached_normal_;
  }
  const double angle_uniform = uniform53();
  const NormalPair pair = box_muller(1.0 - uniform53(), angle_uniform);
  cached_normal_ = pair.second;
  has_cached_normal_ = true;
  return pair.first;
}

void TorchCpuGenerator::fill_uniform(std::span<float> values, DType dtype) {
  // As many random bits as the type has digits.
  const std::uint32_t mask = dtype == DType::bf16 ? 0xFFU : 0xFFFFFFU;
  const float unit = dtype == DType::bf16 ? 0x1p-8F : 0x1p-24F;
  for (float& value : values) value = static_cast<float>(static_cast<std::uint32_t>(engine_()) & mask) * unit;
}

std::vector<float> TorchCpuGenerator::normal(std::size_t count, DType dtype) {
  if (dtype != DType::f32 && dtype != DType::bf16) {
    fail(codes::kInvalidValue, "[noise] torch-cpu noise is drawn in f32 or bf16, not " + std::string(name_of(dtype)));
  }
  std::vector<float> values(count);
  if (count < 16) {
    for (float& value : values) value = static_cast<float>(next_normal());
    if (dtype == DType::bf16) std::transform(values.begin(), values.end(), values.begin(), to_bf16);
    return values;
  }
  const auto block = dtype == DType::bf16 ? normal_block_bf16 : normal_block_f32;
  fill_uniform(values, dtype);
  for (std::size_t i = 0; i + 16 <= count; i += 16) block(values.data() + i);
  if (count % 16 != 0) {
    // What does not fill a block: the last 16 are drawn again, some of them for the second time.
    fill_uniform(std::span(values).last(16), dtype);
    block(values.data() + count - 16);
  }
  return values;
}

std::uint64_t random_seed() {
  std::random_device device;
  const std::uint64_t high = device();
  return high << 32 | device();
}

}  // namespace palimpsest
