#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/tensor/backend.h"
#include "shared/tensor/parallel.h"

namespace palimpsest {

/// A backend together with the threads it runs on.
class OwnedBackend {
 public:
  OwnedBackend(std::unique_ptr<Parallel> parallel, std::unique_ptr<Backend> backend)
      : parallel_(std::move(parallel)), backend_(std::move(backend)) {}

  Backend& operator*() const { return *backend_; }
  Backend* operator->() const { return backend_.get(); }
  int thread_count() const { return parallel_->thread_count(); }

 private:
  std::unique_ptr<Parallel> parallel_;  // outlives the backend
  std::unique_ptr<Backend> backend_;
};

struct AvailableBackend {
  std::string_view name;
  std::string_view description;
  DType auto_dtype;  ///< what the dtype `auto` means for it on this machine
};

/// The backends of this build, the one that `auto` takes first.
std::vector<AvailableBackend> available_backends();

/// Makes the backend `name` (`auto` or a name of available_backends) that computes in `dtype` (`auto`, `f32`, `bf16`)
/// on `threads` threads; 0 threads: one for each processor the process may use.
/// Errors: `invalid_value` with param `backend`, `dtype` or `threads`; the message names the values that would do.
OwnedBackend make_backend(std::string_view name, std::string_view dtype, int threads);

/// First in main: lets threads that wait for each other sleep. By default OpenMP's spin, which on a machine with other
/// work takes the processor from the thread that they wait for. OpenMP reads the setting before main, so that the
/// program is started anew with it; where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, the user has chosen.
void let_waiting_threads_sleep(char** arguments);

}  // namespace palimpsest
