#pragma once

#include <string>

namespace palimpsest {

/// One line on stderr that redraws itself: `denoising  [#####.....]  10/20  3.1 s left`.
/// Draws only on a terminal, so that logs and pipes stay clean; wipes its line when it goes away.
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  /// `step` of `steps` done in the phase called `label`; `seconds_left` below zero where unknown; steps 0: no bar.
  void update(const std::string& label, int step, int steps, double seconds_left);

  void wipe();

 private:
  bool enabled_;
  bool drawn_ = false;
};

/// "0.8 s", "42 s", "3 min 05 s", "2 h 10 min".
std::string format_duration(double seconds);

/// "512 B", "1.5 MiB", "23.8 GiB".
std::string format_bytes(double bytes);

}  // namespace palimpsest
