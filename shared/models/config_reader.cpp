#include "shared/models/config_reader.h"

#include "shared/base/error.h"

namespace palimpsest {
namespace {

std::string range_text(std::int64_t min, std::int64_t max) {
  return "from " + std::to_string(min) + " to " + std::to_string(max);
}

}  // namespace

ConfigReader::ConfigReader(const Json& json, std::string what) : json_(json), what_(std::move(what)) {
  if (!json.is_object()) fail("CONFIG_INVALID", "[" + what_ + "] the configuration is not a JSON object");
}

void ConfigReader::refuse(std::string_view name, const std::string& problem) const {
  fail("CONFIG_INVALID", "[" + what_ + "] " + std::string(name) + " " + problem);
}

const Json* ConfigReader::member(std::string_view name) const {
  const Json* found = json_.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::int64_t ConfigReader::integer(std::string_view name, std::int64_t min, std::int64_t max) const {
  const Json* found = member(name);
  if (found == nullptr) refuse(name, "is missing");
  std::int64_t value = 0;
  if (!found->to_int64(value) || value < min || value > max) refuse(name, "must be an integer " + range_text(min, max));
  return value;
}

std::int64_t ConfigReader::integer_or(std::string_view name, std::int64_t fallback, std::int64_t min,
                                      std::int64_t max) const {
  return has(name) ? integer(name, min, max) : fallback;
}

double ConfigReader::number_or(std::string_view name, double fallback, double min, double max) const {
  const Json* found = member(name);
  if (found == nullptr) return fallback;
  double value = 0;
  if (!found->to_double(value) || !(value >= min && value <= max)) {
    refuse(name, "must be a number from " + Json(min).dump() + " to " + Json(max).dump());
  }
  return value;
}

bool ConfigReader::flag_or(std::string_view name, bool fallback) const {
  const Json* found = member(name);
  if (found == nullptr) return fallback;
  if (!found->is_bool()) refuse(name, "must be true or false");
  return *found->as_bool();
}

std::vector<std::int64_t> ConfigReader::integers(std::string_view name, std::int64_t min, std::int64_t max,
                                                 std::size_t max_count) const {
  const Json* found = member(name);
  if (found == nullptr) refuse(name, "is missing");
  const Json::Array* array = found->as_array();
  if (array == nullptr || array->empty() || array->size() > max_count) {
    refuse(name, "must be an array of 1 to " + std::to_string(max_count) + " integers");
  }
  std::vector<std::int64_t> values;
  for (const Json& item : *array) {
    std::int64_t value = 0;
    if (!item.to_int64(value) || value < min || value > max) refuse(name, "must hold integers " + range_text(min, max));
    values.push_back(value);
  }
  return values;
}

void ConfigReader::expect_text(std::string_view name, std::initializer_list<std::string_view> supported) const {
  const Json* found = member(name);
  if (found == nullptr) return;
  std::string list;
  for (const std::string_view text : supported) {
    if (found->is_string() && *found->as_string() == text) return;
    list += (list.empty() ? "" : " or ") + std::string(text);
  }
  refuse(name, "must be " + list);
}

void ConfigReader::expect_flag(std::string_view name, bool supported) const {
  if (flag_or(name, supported) != supported) refuse(name, supported ? "must be true" : "must be false");
}

}  // namespace palimpsest
