#pragma once

#include <cstdint>
#include <string>

namespace palimpsest {

/// Bytes that a process may still take: MemAvailable of /proc/meminfo, or less where a control group (v2 or v1) limits
/// it; page cache that can be dropped counts as available. `root` stands before /proc and /sys in tests.
/// UINT64_MAX where the system does not say.
std::uint64_t available_memory(const std::string& root = "");

}  // namespace palimpsest
