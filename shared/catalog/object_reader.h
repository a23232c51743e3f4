#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/json.h"
#include "shared/base/result.h"

namespace palimpsest {

/// Reads the members of one JSON object into C++ values and keeps the first problem with its JSON pointer.
class ObjectReader {
 public:
  ObjectReader(const Json& json, std::string pointer) : json_(json), pointer_(std::move(pointer)) {
    if (!json.is_object()) report("", "an object is needed");
  }

  /// The member, or nullptr where it is absent (a problem if it is `needed`).
  const Json* member(std::string_view key, bool needed = false);

  void read(std::string_view key, std::string& out, bool needed = false);
  void read(std::string_view key, bool& out);
  void read(std::string_view key, std::int64_t& out, bool needed = false);
  void read(std::string_view key, std::optional<std::int64_t>& out);
  void read(std::string_view key, std::optional<double>& out);
  void read(std::string_view key, std::vector<std::string>& out, bool needed = false);

  /// Reads an array, each item by `parse(item, pointer)`, which returns a Result.
  template <typename T, typename Parse>
  void read_items(std::string_view key, std::vector<T>& out, Parse parse, bool needed = false) {
    const Json* found = member(key, needed);
    if (found == nullptr) return;
    if (!found->is_array()) return report(key, "an array is needed");
    for (std::size_t i = 0; i < found->as_array()->size(); ++i) {
      Result<T> item = parse((*found->as_array())[i], pointer_of(key) + "/" + std::to_string(i));
      if (!item) return keep(item.error());
      out.push_back(*std::move(item));
    }
  }

  /// Reads a name of an enumeration whose values run from 0, named by name_of.
  template <typename Enum, std::size_t N>
  void read_name(std::string_view key, Enum& out, const std::array<Enum, N>& all) {
    std::string name;
    read(key, name, true);
    for (const Enum value : all) {
      if (name_of(value) == name) {
        out = value;
        return;
      }
    }
    report(key, "\"" + name + "\" is not one of the names known");
  }

  std::string pointer_of(std::string_view key) const {
    return key.empty() ? pointer_ : pointer_ + "/" + std::string(key);
  }
  void report(std::string_view key, const std::string& problem);
  void keep(Error error) {
    if (!problem_) problem_ = std::move(error);
  }

  /// `value`, or the first problem.
  template <typename T>
  Result<T> finish(T value) {
    if (problem_) return *std::move(problem_);
    return value;
  }

 private:
  const Json& json_;
  std::string pointer_;
  std::optional<Error> problem_;
};

}  // namespace palimpsest
