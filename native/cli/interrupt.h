#pragma once

#include "shared/base/stop_token.h"

namespace palimpsest {

/// Turns SIGINT and SIGTERM into a stop request while it lives; the second signal ends the program at once.
/// At most one object at a time.
class InterruptScope {
 public:
  explicit InterruptScope(const StopToken& stop);
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
  ~InterruptScope();
};

}  // namespace palimpsest
