#pragma once

#include <span>

#include "tests/support/op_test_values.h"

namespace palimpsest::testing {

/// A check of one op, or of one side of it.
struct OpCase {
  const char* name;
  void (*run)(OpTest&);
};

/// linear, attention, conv2d: sums over many terms.
std::span<const OpCase> product_op_cases();
/// Rotations, norms, element-wise ops and upsampling.
std::span<const OpCase> row_op_cases();
/// Transfers, columns, lookup, refusals and the account of memory.
std::span<const OpCase> storage_op_cases();

/// A packed weight with or without its bias.
LinearWeightPtr prepare(Backend& backend, const HostValues& w, const HostValues* bias);
/// (cos, sin) of random angles, f32 [tokens, width/2, 2].
HostValues rotation_table(OpTest& t, std::int64_t tokens, std::int64_t width);
}  // namespace palimpsest::testing
