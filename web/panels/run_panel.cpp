#include "web/panels/ui.h"

namespace palimpsest {

void run_panel(Ui& ui) {
  const bool is_edit = ui.state.form.mode == Mode::edit;
  const int unfinished = ui.state.unfinished_runs();
  std::string label = is_edit ? "Edit the picture" : "Generate";
  if (unfinished > 0) label += " (" + std::to_string(unfinished) + " before it)";
  const float width = ImGui::GetContentRegionAvail().x;
  if (ui.button("submit", label, ButtonKind::primary, {width, 44}, true, "Ctrl+Enter")) ui.act(Submit{});
  if (!ui.state.shows_all_problems) return;
  for (const Problem& problem : ui.state.parsed.problems) {
    // Others are shown at their fields.
    if (problem.error.param.empty() || problem.error.param == "model") ui.bad(problem.error.message);
  }
}

}  // namespace palimpsest
