#pragma once

#include <atomic>
#include <memory>

#include "shared/base/error.h"

namespace palimpsest {

/// A cancellation flag shared between who asks to stop and who works; copies refer to the same flag.
/// Setting it is safe from any thread and from a signal handler that holds a copy.
class StopToken {
 public:
  void request_stop() const noexcept { flag_->store(true, std::memory_order_relaxed); }
  bool stop_requested() const noexcept { return flag_->load(std::memory_order_relaxed); }

  /// Throws PalimpsestError `cancelled` once a stop was requested; called between blocks of a network.
  void check() const {
    if (stop_requested()) fail(codes::kCancelled, "the request was cancelled", 499);
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace palimpsest
