#include "native/cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace palimpsest {
namespace {

constexpr int kBarWidth = 24;

std::string bar_text(int step, int steps) {
  const int filled = std::clamp(step * kBarWidth / steps, 0, kBarWidth);
  return fmt::format("[{:#<{}}{:.<{}}] {}/{}", "", filled, "", kBarWidth - filled, step, steps);
}

}  // namespace

ProgressBar::ProgressBar(bool enabled) : enabled_(enabled && isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  wipe();
}

void ProgressBar::update(const std::string& label, int step, int steps, double seconds_left) {
  if (!enabled_) return;
  std::string line = fmt::format("{:<18}", label);
  if (steps > 0) line += bar_text(step, steps);
  if (seconds_left >= 0) line += "  " + format_duration(seconds_left) + " left";
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::wipe() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

std::string format_duration(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string format_bytes(double bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

}  // namespace palimpsest
