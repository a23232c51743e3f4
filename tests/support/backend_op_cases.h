// One body of op tests for every backend: inputs that both sides hold exactly, the result in double, and a tolerance
// from the rounding unit of the dtype, the size of the terms and the depth of the sums.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "shared/tensor/backend.h"

namespace palimpsest::testing {

/// Makes the backend under test, computing in the given dtype (f32 or bf16).
using BackendFactory = std::function<std::unique_ptr<Backend>(DType)>;

/// Checks every op of backend.h, in f32 and in bf16, inside of a running test case; each op is a doctest subcase.
/// A failure names the op, the dtype, the worst index, what came out and what should have.
void check_backend_ops(const BackendFactory& make_backend);

/// Runs every op at sizes that split over threads and returns all results one after the other, to be compared bit for
/// bit between numbers of threads.
std::vector<float> all_op_results(Backend& backend);

}  // namespace palimpsest::testing
