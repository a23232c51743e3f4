#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/json.h"
#include "web/app_state.h"

namespace palimpsest {

/// Tells the page around what has changed: looks at the state after each frame and compares. The events are those of
/// docs/embedding.md without their `pg-`, and `state` for the element's data attributes.
class HostObserver {
 public:
  using Told = std::vector<std::pair<std::string, Json>>;

  /// `layout` as in data-layout; `has_dialog` where a dialog holds the focus.
  Told changes(const AppState& state, const std::string& layout, bool has_dialog);

 private:
  struct Seen {
    Run::Phase phase = Run::Phase::waiting;
    std::int64_t step = -1;
    std::shared_ptr<const std::string> preview_bytes;
  };

  void tell_run(const AppState& state, const Run& run, Told& told);

  Connection::Phase connection_ = Connection::Phase::idle;
  Form form_;
  bool has_form_ = false;
  std::map<int, Seen> runs_;
  double progress_ = 0;
  int progress_of_ = 0;
  Json state_;
};

/// The value of data-state: connect, idle, queued, running, done, error or cancelled.
std::string state_name(const AppState& state);

}  // namespace palimpsest
