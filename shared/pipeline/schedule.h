#pragma once

#include <cstdint>
#include <vector>

#include "shared/base/json.h"

namespace palimpsest {

/// How a checkpoint spaces its sampling times, under the names of its `scheduler_config.json`.
struct ScheduleConfig {
  bool use_dynamic_shifting = true;  ///< shift by the number of noise tokens; false for schnell
  double base_shift = 0.5;           ///< mu at base_image_seq_len tokens
  double max_shift = 1.15;           ///< mu at max_image_seq_len tokens
  std::int64_t base_image_seq_len = 256;
  std::int64_t max_image_seq_len = 4096;
  double shift = 1.0;  ///< factor of the shift that does not depend on the tokens; used without dynamic shifting only
};

/// Reads `scheduler_config.json`; members that are absent keep the defaults of the reference.
/// Errors: `CONFIG_INVALID` naming the member: not an object, a wrong type, a shift outside of its range
/// (|base_shift|, |max_shift| ≤ 10, 0.001 ≤ shift ≤ 1000), sequence lengths that are not 1 ≤ base < max ≤ 10^7.
ScheduleConfig read_schedule_config(const Json& json);

/// The exponent of the shift: linear in the number of noise tokens, not limited at either end. Reference tokens do not
/// count.  Source: flux/sampling.py `get_lin_function`.
double shift_mu(const ScheduleConfig& config, std::int64_t noise_tokens);

/// steps + 1 times from 1 to 0 at which the network is asked and between which the Euler steps go.
/// Source: flux/sampling.py `get_schedule`, `time_shift`; diffusers scheduling_flow_match_euler_discrete.py.
std::vector<float> sampling_times(const ScheduleConfig& config, int steps, std::int64_t noise_tokens);

}  // namespace palimpsest
