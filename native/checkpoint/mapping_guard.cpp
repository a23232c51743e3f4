#include "native/checkpoint/mapping_guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

/// What the signal handler can look at without a lock. A slot is free where `end` is 0.
struct Slot {
  std::atomic<std::uintptr_t> begin{0}, end{0};
  std::atomic<bool> faulted{false};
};

constexpr std::size_t kNoSlot = SIZE_MAX;  // of a mapping without bytes

std::array<Slot, 4096> slots;
std::mutex slots_mutex;  // between those who take and free slots; the handler goes without
struct sigaction previous_action;
std::uintptr_t page_bytes = 4096;

Slot* slot_of(std::uintptr_t address) {
  for (Slot& slot : slots) {
    const std::uintptr_t end = slot.end.load();
    if (address < end && address >= slot.begin.load() && slot.end.load() == end) return &slot;
  }
  return nullptr;
}

/// Puts pages of zeros over the mapping from the page of `address` on.
bool cover_with_zeros(std::uintptr_t address, std::uintptr_t end) {
  const std::uintptr_t page = address / page_bytes * page_bytes;
  void* const at = reinterpret_cast<void*>(page);  // NOLINT: an address that the kernel gave
  return ::mmap(at, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void pass_on(int signal, siginfo_t* info, void* context) {
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
  } else if (previous_action.sa_handler == SIG_DFL || previous_action.sa_handler == SIG_IGN) {
    // The instruction runs again and now ends the process as it would have without us.
    ::signal(signal, SIG_DFL);
  } else {
    previous_action.sa_handler(signal);
  }
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  Slot* const slot = slot_of(address);
  if (slot != nullptr && cover_with_zeros(address, slot->end.load())) {
    slot->faulted.store(true);
  } else {
    pass_on(signal, info, context);
  }
  errno = saved_errno;
}

void install_handler() {
  page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, &previous_action);
}

}  // namespace

MappingGuard::MappingGuard(const void* begin, std::size_t size_bytes) : slot_(kNoSlot) {
  if (size_bytes == 0) return;
  static std::once_flag installed;
  std::call_once(installed, install_handler);
  const std::lock_guard lock(slots_mutex);
  slot_ = 0;
  while (slot_ < slots.size() && slots[slot_].end.load() != 0) ++slot_;
  if (slot_ == slots.size())
    fail("MODEL_LIMIT", "more than " + std::to_string(slots.size()) + " weight files are open at once");
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  slots[slot_].faulted.store(false);
  slots[slot_].begin.store(address);
  slots[slot_].end.store(address + size_bytes);
}

MappingGuard::~MappingGuard() {
  if (slot_ == kNoSlot) return;
  const std::lock_guard lock(slots_mutex);
  slots[slot_].end.store(0);
}

bool MappingGuard::faulted() const {
  return slot_ != kNoSlot && slots[slot_].faulted.load();
}

}  // namespace palimpsest
