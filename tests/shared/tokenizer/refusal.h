#pragma once

#include <doctest/doctest.h>

#include <string>

#include "shared/base/error.h"

namespace palimpsest::test {

/// Checks that `action` is refused with a code, in words that hold `part`.
template <typename Action>
void check_refused(const std::string& code, const std::string& part, Action action) {
  CAPTURE(part);
  try {
    action();
    FAIL_CHECK("nothing was refused");
  } catch (const PalimpsestError& problem) {
    CAPTURE(problem.what());
    CHECK(problem.error().code == code);
    CHECK(std::string(problem.what()).find(part) != std::string::npos);
  }
}

}  // namespace palimpsest::test
