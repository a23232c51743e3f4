#include "web/panels/ui.h"
#include "web/panels/words.h"

namespace palimpsest {
namespace {

void progress_bar(Ui& ui, double share) {
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(from, {from.x + width, from.y + 4}, ui.colors.line, 2);
  const auto done = static_cast<float>(share < 0 ? 0 : share);
  if (done > 0) list->AddRectFilled(from, {from.x + width * done, from.y + 4}, ui.colors.accent, 2);
  ImGui::Dummy({width, 4});
}

void queue_row(Ui& ui, const Run& run) {
  constexpr float kCancelWidth = 76;
  const float text_width = ImGui::GetContentRegionAvail().x - kCancelWidth - 8;
  ImGui::BeginGroup();
  const std::string prompt = short_prompt(run.form, 80);
  ImGui::PushClipRect(ImGui::GetCursorScreenPos(),
                      {ImGui::GetCursorScreenPos().x + text_width, ImGui::GetCursorScreenPos().y + 100}, true);
  ImGui::PushFont(ui.fonts.small);
  ImGui::TextUnformatted(prompt.c_str());
  ImGui::PushStyleColor(ImGuiCol_Text, ui.colors.muted);
  ImGui::TextUnformatted(phase_text(run, ui.state.now_s).c_str());
  ImGui::PopStyleColor();
  ImGui::PopFont();
  ImGui::PopClipRect();
  ImGui::EndGroup();
  ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - kCancelWidth);
  if (ui.button("cancel." + std::to_string(run.id), "Cancel", ButtonKind::plain, {kCancelWidth, 0})) {
    ui.act(CancelRun{run.id});
  }
  progress_bar(ui, progress_of(run));
}

}  // namespace

void queue_panel(Ui& ui) {
  for (const Run& run : ui.state.runs) {
    if (!run.is_over()) queue_row(ui, run);
  }
}

}  // namespace palimpsest
