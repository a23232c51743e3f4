#include "shared/pipeline/denoise.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

void check_velocity(std::span<const float> velocity, std::size_t count, std::size_t step) {
  const std::string where = "[denoise] step " + std::to_string(step + 1) + ": the transformer's result ";
  if (velocity.size() != count) {
    fail(codes::kInternal,
         where + "has " + std::to_string(velocity.size()) + " values instead of " + std::to_string(count), 500);
  }
  if (!std::all_of(velocity.begin(), velocity.end(), [](float value) { return std::isfinite(value); })) {
    fail(codes::kInternal, where + "holds values that are not finite: the model's arithmetic overflowed", 500);
  }
}

}  // namespace

void denoise(std::vector<float>& x, std::span<const float> times, const VelocityFunction& velocity,
             const std::function<void(const EulerStep&)>& after_step) {
  std::vector<float> next(x.size());
  for (std::size_t step = 0; step + 1 < times.size(); ++step) {
    const std::vector<float> v = velocity(x, step);
    check_velocity(v, x.size(), step);
    const float dt = times[step + 1] - times[step];
    for (std::size_t i = 0; i < x.size(); ++i) next[i] = x[i] + dt * v[i];
    after_step({step, times[step], x, v});
    x.swap(next);
  }
}

void apply_true_cfg(std::span<float> positive, std::span<const float> negative, double scale) {
  const auto factor = static_cast<float>(scale);
  for (std::size_t i = 0; i < positive.size(); ++i) {
    positive[i] = negative[i] + factor * (positive[i] - negative[i]);
  }
}

}  // namespace palimpsest
