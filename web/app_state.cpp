#include "web/app_state.h"

#include <algorithm>

namespace palimpsest {

const Run* AppState::run(int id) const {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const Run& each) { return each.id == id; });
  return found == runs.end() ? nullptr : &*found;
}

const Picture* AppState::picture(PictureId id) const {
  const auto found = pictures.find(id);
  return found == pictures.end() ? nullptr : &found->second;
}

const Problem* AppState::problem_of(const std::string& parameter) const {
  for (const Problem& problem : parsed.problems) {
    if (problem.error.param != parameter) continue;
    const auto value = form.values.find(parameter);
    const bool is_filled_in = (value != form.values.end() && !value->second.empty()) || form.pictures.count(parameter);
    if (shows_all_problems || is_filled_in) return &problem;
  }
  return nullptr;
}

int AppState::unfinished_runs() const {
  return static_cast<int>(std::count_if(runs.begin(), runs.end(), [](const Run& run) { return !run.is_over(); }));
}

}  // namespace palimpsest
