#include "web/panels/words.h"

#include <algorithm>
#include <cstdio>

#include "shared/base/utf8.h"

namespace palimpsest {

std::string duration_text(double seconds) {
  char text[32];
  if (seconds < 60) {
    std::snprintf(text, sizeof(text), "%.1f s", std::max(0.0, seconds));
  } else {
    const int whole = static_cast<int>(seconds);
    std::snprintf(text, sizeof(text), "%d min %02d s", whole / 60, whole % 60);
  }
  return text;
}

std::string phase_text(const Run& run, double now_s) {
  switch (run.phase) {
    case Run::Phase::waiting:
      return "Waiting for the runs before it";
    case Run::Phase::done:
      return "Done in " + duration_text(run.finished_s - run.started_s);
    case Run::Phase::failed:
      return "Failed";
    case Run::Phase::cancelled:
      return "Cancelled";
    case Run::Phase::running:
      break;
  }
  if (run.queue_position && *run.queue_position > 0)
    return "Number " + std::to_string(*run.queue_position) + " in the queue";
  std::string text = run.steps > 0 ? "Step " + std::to_string(run.step) + " of " + std::to_string(run.steps)
                                   : "Waiting for the server";
  text += ", " + duration_text(now_s - run.started_s);
  if (run.left_ms && run.step < run.steps) {
    text += ", about " + duration_text(static_cast<double>(*run.left_ms) / 1000) + " left";
  }
  return text;
}

double progress_of(const Run& run) {
  if (run.phase == Run::Phase::done) return 1;
  return run.steps > 0 ? static_cast<double>(run.step) / static_cast<double>(run.steps) : -1;
}

std::string short_prompt(const Form& form, std::size_t max_bytes) {
  const auto found = form.values.find("prompt");
  std::string prompt = found == form.values.end() ? "" : found->second;
  std::replace(prompt.begin(), prompt.end(), '\n', ' ');
  return printable(prompt, max_bytes);
}

}  // namespace palimpsest
