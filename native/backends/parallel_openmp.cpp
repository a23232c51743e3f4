#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>

#include "native/backends/parallel.h"
#include "native/backends/registry.h"

namespace palimpsest {
namespace {

class OpenMpParallel final : public Parallel {
 public:
  explicit OpenMpParallel(int threads) : threads_(threads) {}

  int thread_count() const override { return threads_; }

  void run(std::int64_t task_count, const std::function<void(std::int64_t)>& task) override {
    const int team = static_cast<int>(std::min<std::int64_t>(threads_, task_count));
    if (team <= 1) {
      for (std::int64_t i = 0; i < task_count; ++i) task(i);
      return;
    }
    std::exception_ptr first_error;
    std::atomic<bool> failed = false;
#pragma omp parallel for num_threads(team) schedule(dynamic, 1)
    for (std::int64_t i = 0; i < task_count; ++i) {
      if (failed.load(std::memory_order_relaxed)) continue;
      try {
        task(i);
      } catch (...) {
        // No exception may leave a parallel region.
        if (!failed.exchange(true)) first_error = std::current_exception();
      }
    }
    if (first_error) std::rethrow_exception(first_error);
  }

 private:
  int threads_;
};

}  // namespace

void let_waiting_threads_sleep(char** arguments) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  // The program's own path, so that its name stays; execv comes back only where it fails, and then they spin.
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (!unknown) ::execv(program.c_str(), arguments);
}

int available_processors() {
  return std::max(1, omp_get_num_procs());
}

std::unique_ptr<Parallel> make_parallel(int threads) {
  return std::make_unique<OpenMpParallel>(threads);
}

}  // namespace palimpsest
