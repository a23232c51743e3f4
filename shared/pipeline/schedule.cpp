#include "shared/pipeline/schedule.h"

#include <cmath>
#include <string>

#include "shared/base/elementary.h"
#include "shared/base/error.h"

namespace palimpsest {
namespace {

[[noreturn]] void refuse(const std::string& problem) {
  fail("CONFIG_INVALID", "[scheduler_config.json] " + problem);
}

void read_flag(const Json& json, const char* name, bool& out) {
  const Json* member = json.find(name);
  if (member == nullptr || member->is_null()) return;
  if (!member->is_bool()) refuse(std::string(name) + " is not true or false");
  out = *member->as_bool();
}

void read_number(const Json& json, const char* name, double lowest, double highest, double& out) {
  const Json* member = json.find(name);
  if (member == nullptr || member->is_null()) return;
  if (!member->to_double(out) || !(out >= lowest && out <= highest)) {
    refuse(std::string(name) + " is not a number from " + Json(lowest).dump() + " to " + Json(highest).dump());
  }
}

void read_length(const Json& json, const char* name, std::int64_t& out) {
  constexpr std::int64_t kLongest = 10'000'000;
  const Json* member = json.find(name);
  if (member == nullptr || member->is_null()) return;
  if (!member->to_int64(out) || out < 1 || out > kLongest) {
    refuse(std::string(name) + " is not a whole number from 1 to " + std::to_string(kLongest));
  }
}

}  // namespace

ScheduleConfig read_schedule_config(const Json& json) {
  if (!json.is_object()) refuse("the file is not a JSON object");
  ScheduleConfig config;
  read_flag(json, "use_dynamic_shifting", config.use_dynamic_shifting);
  read_number(json, "base_shift", -10, 10, config.base_shift);
  read_number(json, "max_shift", -10, 10, config.max_shift);
  read_number(json, "shift", 0.001, 1000, config.shift);
  read_length(json, "base_image_seq_len", config.base_image_seq_len);
  read_length(json, "max_image_seq_len", config.max_image_seq_len);
  if (config.base_image_seq_len >= config.max_image_seq_len) {
    refuse("base_image_seq_len " + std::to_string(config.base_image_seq_len) + " is not below max_image_seq_len " +
           std::to_string(config.max_image_seq_len));
  }
  return config;
}

double shift_mu(const ScheduleConfig& config, std::int64_t noise_tokens) {
  const double slope = (config.max_shift - config.base_shift) /
                       static_cast<double>(config.max_image_seq_len - config.base_image_seq_len);
  return config.base_shift + slope * static_cast<double>(noise_tokens - config.base_image_seq_len);
}

std::vector<float> sampling_times(const ScheduleConfig& config, int steps, std::int64_t noise_tokens) {
  if (steps < 1) fail(codes::kInvalidValue, "[schedule] " + std::to_string(steps) + " steps; at least 1 is needed");
  const double factor = config.use_dynamic_shifting ? exact_exp(shift_mu(config, noise_tokens)) : config.shift;
  std::vector<float> times;
  for (int i = 0; i < steps; ++i) {
    const double t = 1.0 - static_cast<double>(i) / steps;
    times.push_back(static_cast<float>(factor / (factor + (1.0 / t - 1.0))));
  }
  times.push_back(0.0F);
  return times;
}

}  // namespace palimpsest
