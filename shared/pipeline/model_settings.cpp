#include "shared/pipeline/model_settings.h"

#include <string>

#include "shared/api/image_request.h"
#include "shared/base/error.h"

namespace palimpsest {
namespace {

[[noreturn]] void refuse(const std::string& problem) {
  fail("CONFIG_INVALID", "[palimpsest.json] " + problem);
}

void read_whole(const Json& json, const char* name, std::int64_t lowest, std::int64_t highest, std::int64_t& out) {
  const Json* member = json.find(name);
  if (member == nullptr || member->is_null()) return;
  if (!member->to_int64(out) || out < lowest || out > highest) {
    refuse(std::string(name) + " is not a whole number from " + std::to_string(lowest) + " to " +
           std::to_string(highest));
  }
}

void read_guidance(const Json& json, double& out) {
  const double highest = RequestLimits{}.max_guidance;
  const Json* member = json.find("default_guidance");
  if (member == nullptr || member->is_null()) return;
  if (!member->to_double(out) || !(out >= 0 && out <= highest)) {
    refuse("default_guidance is not a number from 0 to " + Json(highest).dump());
  }
}

int read_side(const Json& json) {
  const RequestLimits limits;
  std::int64_t side = 0;
  if (!json.to_int64(side) || side < limits.side_multiple || side > limits.max_side ||
      side % limits.side_multiple != 0) {
    refuse("native_size holds a side that is not a multiple of " + std::to_string(limits.side_multiple) + " up to " +
           std::to_string(limits.max_side));
  }
  return static_cast<int>(side);
}

std::optional<ImageSize> read_native_size(const Json& json) {
  const Json* member = json.find("native_size");
  if (member == nullptr || member->is_null()) return std::nullopt;
  const Json::Array* sides = member->as_array();
  if (sides == nullptr || sides->size() != 2) refuse("native_size is not [width, height]");
  return ImageSize{read_side((*sides)[0]), read_side((*sides)[1])};
}

ModelSettings settings_of_schnell() {
  ModelSettings settings;
  settings.steps = 4;
  settings.text_tokens = 256;
  settings.schedule.use_dynamic_shifting = false;
  return settings;
}

}  // namespace

ModelSettings read_model_settings(const Json& palimpsest_json, const Json& scheduler_config, bool guidance_embeds) {
  ModelSettings settings = guidance_embeds ? ModelSettings{} : settings_of_schnell();
  if (!scheduler_config.is_null()) settings.schedule = read_schedule_config(scheduler_config);
  if (palimpsest_json.is_null()) return settings;
  if (!palimpsest_json.is_object()) refuse("the file is not a JSON object");
  std::int64_t text_tokens = settings.text_tokens;
  read_whole(palimpsest_json, "default_steps", 1, RequestLimits{}.max_steps, settings.steps);
  read_whole(palimpsest_json, "max_text_tokens", 1, 512, text_tokens);
  read_guidance(palimpsest_json, settings.guidance);
  settings.text_tokens = static_cast<int>(text_tokens);
  settings.native_size = read_native_size(palimpsest_json);
  settings.preview_factors = read_preview_factors(palimpsest_json);
  return settings;
}

}  // namespace palimpsest
