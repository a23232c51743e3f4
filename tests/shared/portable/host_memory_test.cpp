#include "shared/portable/host_memory.h"

#include <doctest/doctest.h>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

TEST_CASE("blocks are aligned to 64 bytes and counted while they live") {
  const auto memory = std::make_shared<HostMemory>();
  {
    const auto one = memory->allocate(1), many = memory->allocate(100000), none = memory->allocate(0);
    CHECK(reinterpret_cast<std::uintptr_t>(one->address()) % 64 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(many->address()) % 64 == 0);
    CHECK(none->address() != nullptr);
    CHECK(memory->use().activation_bytes >= 100001);
    CHECK(memory->use().activation_bytes <= 114000);
  }
  CHECK(memory->use().activation_bytes == 0);
  CHECK(memory->use().peak_activation_bytes >= 100001);
  memory->reset_peak();
  CHECK(memory->use().peak_activation_bytes == 0);
}

TEST_CASE("a released block serves the next request of about its size") {
  const auto memory = std::make_shared<HostMemory>();
  const void* first = memory->allocate(1 << 20)->address();
  CHECK(memory->cached_bytes() >= 1 << 20);
  const auto second = memory->allocate((1 << 20) - 1000);
  CHECK(second->address() == first);
  CHECK(memory->cached_bytes() == 0);
  const auto small = memory->allocate(1 << 10);
  CHECK(small->address() != first);
}

TEST_CASE("memory kept for reuse stays within a quarter of the largest live use plus 64 MiB") {
  const auto memory = std::make_shared<HostMemory>();
  for (std::uint64_t i = 1; i <= 12; ++i) memory->allocate(i * (std::uint64_t{8} << 20));
  const std::size_t largest = std::size_t{96} << 20;
  CHECK(memory->use().peak_activation_bytes == largest);
  CHECK(memory->cached_bytes() <= largest + largest / 4 + (std::size_t{64} << 20));
  CHECK(memory->cached_bytes() > 0);
  memory->release_cached();
  CHECK(memory->cached_bytes() == 0);
}

TEST_CASE("weights are counted apart and never kept") {
  const auto memory = std::make_shared<HostMemory>();
  {
    const auto weights = memory->allocate_weights(5000);
    CHECK(memory->use().weight_bytes >= 5000);
    CHECK(memory->use().activation_bytes == 0);
  }
  CHECK(memory->use().weight_bytes == 0);
  CHECK(memory->cached_bytes() == 0);
}

TEST_CASE("a request that no machine can serve says how many bytes it needed") {
  const auto memory = std::make_shared<HostMemory>();
  for (const std::uint64_t bytes : {std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    try {
      memory->allocate(bytes);
      FAIL("was served");
    } catch (const PalimpsestError& error) {
      CHECK(error.error().code == codes::kOutOfMemory);
      CHECK(error.error().message.find(std::to_string(bytes)) != std::string::npos);
    }
  }
  CHECK(memory->use().activation_bytes == 0);
  CHECK_THROWS_AS(required_bytes(Shape{std::int64_t{1} << 61}, DType::f32), PalimpsestError);
}

TEST_CASE("a block outlives the object that handed it out") {
  auto memory = std::make_shared<HostMemory>();
  auto block = memory->allocate(4096);
  memory.reset();
  static_cast<char*>(block->address())[4095] = 1;
  CHECK(static_cast<char*>(block->address())[4095] == 1);
}

}  // namespace
}  // namespace palimpsest
