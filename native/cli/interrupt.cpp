#include "native/cli/interrupt.h"

#include <csignal>

namespace palimpsest {
namespace {

// The handler may only touch what lives for ever: the scope's copy of the token.
StopToken active_stop;

void on_signal(int signal) {
  if (active_stop.stop_requested()) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  active_stop.request_stop();
}

}  // namespace

InterruptScope::InterruptScope(const StopToken& stop) {
  active_stop = stop;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

InterruptScope::~InterruptScope() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace palimpsest
