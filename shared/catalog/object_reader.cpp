#include "shared/catalog/object_reader.h"

namespace palimpsest {

const Json* ObjectReader::member(std::string_view key, bool needed) {
  const Json* found = json_.find(key);
  if (found != nullptr && !found->is_null()) return found;
  if (needed) report(key, "is missing");
  return nullptr;
}

void ObjectReader::read(std::string_view key, std::string& out, bool needed) {
  const Json* found = member(key, needed);
  if (found == nullptr) return;
  if (!found->is_string()) return report(key, "a string is needed");
  out = *found->as_string();
}

void ObjectReader::read(std::string_view key, bool& out) {
  const Json* found = member(key);
  if (found == nullptr) return;
  if (!found->is_bool()) return report(key, "true or false is needed");
  out = *found->as_bool();
}

void ObjectReader::read(std::string_view key, std::int64_t& out, bool needed) {
  const Json* found = member(key, needed);
  if (found != nullptr && !found->to_int64(out)) report(key, "an integer is needed");
}

void ObjectReader::read(std::string_view key, std::optional<std::int64_t>& out) {
  std::int64_t value = 0;
  if (member(key) == nullptr) return;
  read(key, value);
  out = value;
}

void ObjectReader::read(std::string_view key, std::optional<double>& out) {
  const Json* found = member(key);
  if (found == nullptr) return;
  double value = 0;
  if (!found->to_double(value)) return report(key, "a number is needed");
  out = value;
}

void ObjectReader::read(std::string_view key, std::vector<std::string>& out, bool needed) {
  read_items(
      key, out,
      [](const Json& item, const std::string& pointer) -> Result<std::string> {
        if (!item.is_string()) return Error{"catalog_invalid", pointer + ": a string is needed"};
        return *item.as_string();
      },
      needed);
}

void ObjectReader::report(std::string_view key, const std::string& problem) {
  keep({"catalog_invalid", pointer_of(key) + ": " + problem});
}

}  // namespace palimpsest
