// shared/verify: holds the networks, as loaded onto a backend, to outputs of the reference implementation.
// Included by native/cli and the tests; includes all of shared but portable.
// Start with verify_networks.h.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace palimpsest {

/// One comparison with the reference.
struct CheckResult {
  std::string case_name;  ///< "case0"
  std::string measure;    ///< "out, relative" or "out, largest"
  double error = 0;       ///< infinite where values are not finite or of another number
  double tolerance = 0;
  bool passed = false;
};

/// Largest errors that pass; 0 leaves a measure out.
struct Tolerance {
  double relative = 0;  ///< root mean square of the differences over that of the wanted values
  double largest = 0;   ///< largest absolute difference
};

/// Appends a result for each measure of the tolerance.
void compare(const std::string& case_name, const std::string& what, std::span<const float> got,
             std::span<const float> want, const Tolerance& tolerance, std::vector<CheckResult>& results);

}  // namespace palimpsest
