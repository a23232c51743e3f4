#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "shared/base/error.h"
#include "tests/support/allocation_count.h"

namespace palimpsest::testing {

/// What a refusal may allocate at most.
inline constexpr std::size_t kMaxRefusalBytes = std::size_t{8} << 20;

/// Checks that `action` throws PalimpsestError with `code` and a message that contains `part`, allocating little and
/// keeping nothing. The time is only printed with --success.
template <typename Action>
void check_refused(const std::string& code, const std::string& part, Action action) {
  const std::size_t before = live_bytes();
  reset_peak_bytes();
  const auto start = std::chrono::steady_clock::now();
  try {
    action();
    FAIL_CHECK("not refused; expected ", code, " with ", part);
  } catch (const PalimpsestError& error) {
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    CHECK(error.error().code == code);
    CHECK_MESSAGE(error.error().message.find(part) != std::string::npos, error.error().message);
    CHECK(peak_bytes() - before <= kMaxRefusalBytes);
    INFO(error.error().message);
    CHECK_MESSAGE(true, "refused in ", elapsed.count(), " ms");
  }
  CHECK(live_bytes() <= before + 4096);  // stays with the library: locale and stream buffers
}

}  // namespace palimpsest::testing
