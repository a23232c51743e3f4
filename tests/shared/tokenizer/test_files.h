#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/base/json.h"

namespace palimpsest::test {

inline std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot open " + path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline std::string read_golden(const std::string& name) {
  return read_file(PALIMPSEST_TEST_DATA "/" + name);
}

inline Json parse(const std::string& text) {
  return parse_json(text).value_or_throw();
}

inline std::vector<std::int32_t> ids_of(const Json& array) {
  std::vector<std::int32_t> ids;
  for (const Json& entry : *array.as_array()) {
    std::int64_t id = -1;
    if (!entry.to_int64(id)) throw std::runtime_error("an id is no integer");
    ids.push_back(static_cast<std::int32_t>(id));
  }
  return ids;
}

inline std::string joined(const std::vector<std::int32_t>& ids) {
  std::string text;
  for (const std::int32_t id : ids) text += std::to_string(id) + " ";
  return text;
}

}  // namespace palimpsest::test
