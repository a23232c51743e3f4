#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/json.h"

namespace palimpsest {

/// Members of a network's configuration, each checked against its range. All errors are `CONFIG_INVALID` and name the
/// member. A missing member and null are the same.
class ConfigReader {
 public:
  /// `what` begins every message: "FLUX transformer". Refuses what is not an object.
  ConfigReader(const Json& json, std::string what);

  bool has(std::string_view name) const { return member(name) != nullptr; }
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max) const;
  std::int64_t integer_or(std::string_view name, std::int64_t fallback, std::int64_t min, std::int64_t max) const;
  double number_or(std::string_view name, double fallback, double min, double max) const;
  bool flag_or(std::string_view name, bool fallback) const;
  /// An array of 1 to max_count integers.
  std::vector<std::int64_t> integers(std::string_view name, std::int64_t min, std::int64_t max,
                                     std::size_t max_count) const;
  /// Refuses a value that this implementation does not compute; a missing member is fine.
  void expect_text(std::string_view name, std::initializer_list<std::string_view> supported) const;
  void expect_flag(std::string_view name, bool supported) const;

  [[noreturn]] void refuse(std::string_view name, const std::string& problem) const;

 private:
  const Json* member(std::string_view name) const;

  const Json& json_;
  std::string what_;
};

/// Sizes that no known network comes near; they keep products of hostile ones within 64 bits.
inline constexpr std::int64_t kMaxDepth = 1000;
inline constexpr std::int64_t kMaxWidth = 65536;
inline constexpr std::int64_t kMaxVocabulary = 10'000'000;

}  // namespace palimpsest
