#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "shared/verify/check_result.h"

namespace palimpsest::testing {

/// Checks that every comparison passed, and that there was one for each of `measured`.
inline void check_all_passed(const std::vector<CheckResult>& results, std::initializer_list<const char*> measured) {
  for (const CheckResult& result : results) {
    CAPTURE(result.case_name);
    CAPTURE(result.measure);
    CAPTURE(result.error);
    CAPTURE(result.tolerance);
    CHECK(result.passed);
  }
  for (const std::string name : measured) {
    bool found = false;
    for (const CheckResult& result : results) found = found || result.measure.find(name + ",") == 0;
    CAPTURE(name);
    CHECK(found);
  }
}

}  // namespace palimpsest::testing
