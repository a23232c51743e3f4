#include "web/panels/ui.h"
#include "web/panels/words.h"

namespace palimpsest {
namespace {

constexpr float kTile = 76;

void tile(Ui& ui, const Run& run, std::size_t result) {
  const Picture* picture = ui.state.picture(run.results[result].picture);
  if (picture == nullptr) return;
  const bool is_shown = run.id == ui.state.shown_run && result == ui.state.shown_result;
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const std::string id = "result." + std::to_string(run.id) + "." + std::to_string(result);
  if (ui.button(id, "##", ButtonKind::quiet, {kTile, kTile}, true, short_prompt(run.form, 200))) {
    ui.act(ShowResult{run.id, result});
  }
  ui.fields.back().label = "Picture: " + short_prompt(run.form, 120);
  const ImVec2 next = ImGui::GetCursorScreenPos();
  ImGui::SetCursorScreenPos(from);
  ui.thumbnail(*picture, {kTile, kTile}, is_shown);
  ImGui::SetCursorScreenPos(next);
}

void failure_tile(Ui& ui, const Run& run) {
  const std::string id = "result." + std::to_string(run.id);
  const char* label = run.phase == Run::Phase::failed ? "Failed" : "Stopped";
  const bool is_shown = run.id == ui.state.shown_run;
  if (ui.button(id, label, is_shown ? ButtonKind::chosen : ButtonKind::plain, {kTile, kTile}, true,
                short_prompt(run.form, 200))) {
    ui.act(ShowResult{run.id, 0});
  }
}

}  // namespace

void history_panel(Ui& ui) {
  const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
  bool is_first = true;
  const auto next_place = [&] {
    if (!is_first) {
      ImGui::SameLine();
      if (ui.layout == Layout::compact && ImGui::GetCursorScreenPos().x + kTile > right) ImGui::NewLine();
    }
    is_first = false;
  };
  for (auto run = ui.state.runs.rbegin(); run != ui.state.runs.rend(); ++run) {
    for (std::size_t i = 0; i < run->results.size(); ++i) {
      next_place();
      tile(ui, *run, i);
    }
    if (run->is_over() && run->results.empty()) {
      next_place();
      failure_tile(ui, *run);
    }
  }
}

}  // namespace palimpsest
