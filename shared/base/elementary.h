#pragma once

namespace palimpsest {

// Elementary functions made of IEEE additions, multiplications and divisions alone, in a fixed order, because the
// libraries of two machines round their own differently: noise, schedules and embeddings must have the same bits
// everywhere. (The build turns the contraction of a·b + c off.) Errors below 4 units in the last place of a double.

/// Natural logarithm of a positive normal number.
double exact_log(double x);

/// e to the x, for |x| ≤ 700.
double exact_exp(double x);

struct SinCos {
  double sin, cos;
};
/// Both of an angle in radians, for |angle| ≤ 100000 (absolute error below 1e-12).
SinCos exact_sin_cos(double angle);

}  // namespace palimpsest
