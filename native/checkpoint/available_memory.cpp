#include "native/checkpoint/available_memory.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kUnknown = UINT64_MAX;

/// A file of the kernel's, or "" where there is none.
std::string text_of(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// The number behind `key` in lines of the form "key number"; nothing where it is not there.
std::optional<std::uint64_t> value_of(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t value = 0;
    if (words >> name >> value && name == key) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_in(const fs::path& path) {
  return value_of("value " + text_of(path), "value");  // "max" is no number: no limit
}

/// The path of this process's group: of version 2 ("0::/path") where `controller` is empty.
std::optional<std::string> group_path(const std::string& groups, const std::string& controller) {
  std::istringstream lines(groups);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return std::nullopt;
}

struct GroupFiles {
  const char* limit;
  const char* usage;
  const char* droppable;  ///< key in memory.stat of page cache that was not used lately
};

/// What one group still allows.
std::uint64_t left_in_group(const fs::path& group, const GroupFiles& files) {
  const auto limit = number_in(group / files.limit);
  if (!limit) return kUnknown;
  const std::uint64_t usage = number_in(group / files.usage).value_or(0);
  const std::uint64_t droppable = value_of(text_of(group / "memory.stat"), files.droppable).value_or(0);
  const std::uint64_t held = usage - std::min(usage, droppable);
  return *limit - std::min(*limit, held);
}

/// The least that a group or one above it allows. In a container the path may be that of the host, where only the mount
/// itself is seen.
std::uint64_t left_in_groups(const fs::path& mount, std::string path, const GroupFiles& files) {
  std::uint64_t left = left_in_group(mount, files);
  while (path.size() > 1) {
    left = std::min(left, left_in_group(mount / path.substr(1), files));
    path.erase(path.rfind('/'));
  }
  return left;
}

}  // namespace

std::uint64_t available_memory(const std::string& root) {
  std::uint64_t available = kUnknown;
  if (const auto kib = value_of(text_of(root + "/proc/meminfo"), "MemAvailable:")) available = *kib * 1024;
  const std::string groups = text_of(root + "/proc/self/cgroup");
  if (const auto path = group_path(groups, ""))
    available = std::min(
        available, left_in_groups(root + "/sys/fs/cgroup", *path, {"memory.max", "memory.current", "inactive_file"}));
  if (const auto path = group_path(groups, "memory"))
    available =
        std::min(available, left_in_groups(root + "/sys/fs/cgroup/memory", *path,
                                           {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}));
  return available;
}

}  // namespace palimpsest
