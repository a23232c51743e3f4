#include "shared/pipeline/noise.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "shared/base/bit_cast.h"
#include "shared/base/error.h"
#include "tests/support/close_to.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;

namespace {

using Words = std::array<std::uint32_t, 4>;

struct Moments {
  double mean = 0, variance = 0, skew = 0, kurtosis = 0;
};

Moments moments_of(const std::vector<float>& values) {
  const auto count = static_cast<double>(values.size());
  Moments m;
  for (const float x : values) m.mean += x / count;
  for (const float x : values) {
    const double d = x - m.mean;
    m.variance += d * d / count;
    m.skew += d * d * d / count;
    m.kurtosis += d * d * d * d / count;
  }
  return m;
}

// Sums of bits find any change in any of the values.
std::uint32_t checksum(const std::vector<float>& values) {
  std::uint32_t sum = 2166136261U;
  for (const float value : values) sum = (sum ^ bit_cast<std::uint32_t>(value)) * 16777619U;
  return sum;
}

// Names of the golden tensors are <dtype>.<seed>.<shape>.
std::uint64_t seed_of(const std::string& name) {
  const std::size_t begin = name.find('.') + 1;
  return std::stoull(name.substr(begin, name.find('.', begin) - begin));
}

}  // namespace

TEST_CASE("Philox gives the published bits") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("noise has the same bits on every machine") {
  const std::vector<float> noise = philox_normal(42, 6);
  std::vector<std::uint32_t> bits;
  for (const float value : noise) bits.push_back(bit_cast<std::uint32_t>(value));
  CHECK(bits ==
        std::vector<std::uint32_t>{0xbf785e5cU, 0x3e46ace8U, 0xbf9e28d2U, 0x3ff6433bU, 0xbd95e030U, 0x3e0e7a0fU});
  CHECK(checksum(philox_normal(0xFEDCBA9876543210U, 100'000)) == 3666512155U);
}

TEST_CASE("an element of noise depends on the seed and its index alone") {
  const std::vector<float> long_one = philox_normal(7, 1001), short_one = philox_normal(7, 13);
  CHECK(std::equal(short_one.begin(), short_one.end(), long_one.begin()));
  CHECK(philox_normal(8, 13) != short_one);
  CHECK(philox_normal(7 + (std::uint64_t{1} << 32), 13) != short_one);  // the high half of the seed counts
}

TEST_CASE("noise has the moments of a standard normal distribution") {
  const std::size_t count = 400'000;
  const Moments m = moments_of(philox_normal(3, count));
  const double error = 1 / std::sqrt(static_cast<double>(count));  // standard error of the mean
  CHECK(std::abs(m.mean) < 4 * error);
  CHECK(std::abs(m.variance - 1) < 4 * std::sqrt(2.0) * error);
  CHECK(std::abs(m.skew) < 4 * std::sqrt(15.0) * error);
  CHECK(std::abs(m.kurtosis - 3) < 4 * std::sqrt(96.0) * error);
}

TEST_CASE("neighbouring elements and neighbouring seeds are not correlated") {
  const std::size_t count = 200'000;
  const std::vector<float> a = philox_normal(100, count + 4), b = philox_normal(101, count);
  const double limit = 4 / std::sqrt(static_cast<double>(count));
  for (std::size_t lag = 1; lag <= 4; ++lag) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += double{a[i]} * a[i + lag];
    CHECK(std::abs(sum / static_cast<double>(count)) < limit);
  }
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += double{a[i]} * b[i];
  CHECK(std::abs(sum / static_cast<double>(count)) < limit);
}

TEST_CASE("torch-cpu noise is PyTorch's") {
  const GoldenFile file("noise_torch_cpu.safetensors");
  int checked = 0;
  for (const std::string& name : file.source().names()) {
    if (name.rfind("f32seq.", 0) == 0) continue;
    CAPTURE(name);
    const bool bf16 = name.rfind("bf16.", 0) == 0;
    const std::vector<float> want = file.floats(name);
    const std::vector<float> got =
        TorchCpuGenerator(seed_of(name)).normal(want.size(), bf16 ? DType::bf16 : DType::f32);
    check_close(got, want, bf16 ? 0 : 2e-6);
    ++checked;
  }
  CHECK(checked == 36);
}

TEST_CASE("consecutive draws from one torch-cpu generator follow PyTorch's sequence") {
  const GoldenFile file("noise_torch_cpu.safetensors");
  TorchCpuGenerator generator(0);
  for (const std::string name : {"f32seq.0.a_16", "f32seq.0.b_37", "f32seq.0.c_5", "f32seq.0.d_24"}) {
    CAPTURE(name);
    const std::vector<float> want = file.floats(name);
    check_close(generator.normal(want.size(), DType::f32), want, 2e-6);
  }
}

TEST_CASE("torch-cpu noise knows 32 bits of the seed and no other dtypes") {
  CHECK(TorchCpuGenerator(5).normal(20, DType::f32) ==
        TorchCpuGenerator(5 + (std::uint64_t{1} << 32)).normal(20, DType::f32));
  CHECK_THROWS_AS(TorchCpuGenerator(5).normal(20, DType::f16), PalimpsestError);
}
