#include "tests/native/storage/failing_calls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>

namespace palimpsest::test {
namespace {

struct Plan {
  std::atomic<int> count{0}, nth{0}, error_number{0};
  std::atomic<bool> and_later{false};
};

Plan& plan_of(Call call) {
  static std::array<Plan, 3> plans;
  return plans[static_cast<std::size_t>(call)];
}

bool fails(Call call) {
  Plan& plan = plan_of(call);
  const int number = ++plan.count;
  const int nth = plan.nth;
  if (nth == 0 || number < nth || (number > nth && !plan.and_later)) return false;
  errno = plan.error_number;
  return true;
}

}  // namespace

void fail_call(Call call, int nth, int error_number, bool and_later) {
  Plan& plan = plan_of(call);
  plan.count = 0;
  plan.error_number = error_number;
  plan.and_later = and_later;
  plan.nth = nth;
}

void let_calls_succeed() {
  for (const Call call : {Call::write, Call::sync, Call::rename}) fail_call(call, 0, 0);
}

int calls(Call call) {
  return plan_of(call).count;
}

}  // namespace palimpsest::test

using palimpsest::test::Call;
using palimpsest::test::fails;

// The dynamic linker prefers these to the C library's.
extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (descriptor > STDERR_FILENO && fails(Call::write)) return -1;
  return syscall(SYS_write, descriptor, bytes, size);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  if (fails(Call::write)) return -1;
  return syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

int fsync(int descriptor) {
  if (fails(Call::sync)) return -1;
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

int fdatasync(int descriptor) {
  if (fails(Call::sync)) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

int rename(const char* from, const char* to) noexcept {
  if (fails(Call::rename)) return -1;
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
}
