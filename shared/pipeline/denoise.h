#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace palimpsest {

/// The velocity of tokens `x` at the time of step `step`; as many values as x has.
using VelocityFunction = std::function<std::vector<float>(std::span<const float> x, std::size_t step)>;

/// What one Euler step used; spans are valid during the call.
struct EulerStep {
  std::size_t step;
  float t;                                ///< the time before the step
  std::span<const float> x, velocity;     ///< tokens before the step, and where they go
};

/// Follows the flow from times.front() to times.back(): x += (next - t)·velocity for each pair of neighbouring times,
/// in f32 on the host. `after_step` is called behind every step. Errors: `internal_error` naming the step where a
/// velocity is not finite or has another number of values. Source: flux/sampling.py `denoise`.
void denoise(std::vector<float>& x, std::span<const float> times, const VelocityFunction& velocity,
             const std::function<void(const EulerStep&)>& after_step);

/// Classifier-free guidance, in place: negative + scale·(positive - negative), left in `positive`.
/// Source: Ho & Salimans 2022, "Classifier-free diffusion guidance"; diffusers pipeline_flux_kontext.py.
void apply_true_cfg(std::span<float> positive, std::span<const float> negative, double scale);

}  // namespace palimpsest
