#include "native/checkpoint/available_memory.h"

#include <doctest/doctest.h>

#include "tests/native/checkpoint/temporary_folder.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::string meminfo(std::uint64_t available_kib) {
  return "MemTotal:       999999999 kB\nMemFree:        1 kB\nMemAvailable:   " + std::to_string(available_kib) +
         " kB\n";
}

}  // namespace

TEST_CASE("available memory is what the kernel says, in bytes") {
  const TemporaryFolder root;
  CHECK(available_memory(root.path()) == UINT64_MAX);
  root.write("proc/meminfo", meminfo(1000));
  CHECK(available_memory(root.path()) == 1'024'000);
  CHECK(available_memory() > 0);
}

TEST_CASE("a control group's limit, or that of one above it, counts less what it holds and cannot drop") {
  const TemporaryFolder root;
  root.write("proc/meminfo", meminfo(1'000'000));
  root.write("proc/self/cgroup", "0::/outer/inner\n");
  root.write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  root.write("sys/fs/cgroup/outer/inner/memory.current", "500\n");
  CHECK(available_memory(root.path()) == 1'024'000'000);
  root.write("sys/fs/cgroup/outer/memory.max", "10000\n");
  root.write("sys/fs/cgroup/outer/memory.current", "7000\n");
  root.write("sys/fs/cgroup/outer/memory.stat", "anon 5000\ninactive_file 2000\n");
  CHECK(available_memory(root.path()) == 5000);
  root.write("sys/fs/cgroup/outer/memory.current", "70000\n");
  CHECK(available_memory(root.path()) == 0);
}

TEST_CASE("a container sees its group at the mount itself, and version 1 has its own files") {
  const TemporaryFolder root;
  root.write("proc/meminfo", meminfo(1'000'000));
  root.write("proc/self/cgroup", "0::/host/path/not/seen/here\n");
  root.write("sys/fs/cgroup/memory.max", "4000\n");
  root.write("sys/fs/cgroup/memory.current", "1000\n");
  CHECK(available_memory(root.path()) == 3000);
  root.write("proc/self/cgroup", "12:cpu,cpuacct:/a\n5:memory:/a\n");
  root.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2000\n");
  root.write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "500\n");
  CHECK(available_memory(root.path()) == 1500);
}
