// The page's parts, for windows wide and narrow.
#include <algorithm>

#include "web/panels/ui.h"
#include "web/panels/words.h"

namespace palimpsest {
namespace {

constexpr float kSplitFrom = 520, kMediumFrom = 900, kFullFrom = 1280;
constexpr float kBarHeight = 56, kFormWidth = 372, kSideWidth = 340, kHistoryHeight = 108;

constexpr std::pair<SideTab, const char*> kSideTabs[] = {{SideTab::details, "Details"}, {SideTab::code, "Code"}};

constexpr ImGuiWindowFlags kPane = ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoNav;

/// A pane at a place of its own; `draw` fills it.
template <typename Draw>
void pane(const char* name, ImVec2 at, ImVec2 size, ImU32 color, ImGuiWindowFlags flags, Draw draw) {
  ImGui::SetCursorScreenPos(at);
  ImGui::PushStyleColor(ImGuiCol_ChildBg, color);
  const bool is_open = ImGui::BeginChild(name, size, false, kPane | ImGuiWindowFlags_AlwaysUseWindowPadding | flags);
  ImGui::PopStyleColor();
  if (is_open) draw();
  ImGui::EndChild();
}

void side(Ui& ui) {
  const float width = ImGui::GetContentRegionAvail().x;
  if (const auto tab = ui.segments("side", kSideTabs, ui.state.side_tab, width)) ui.act(SetSideTab{*tab});
  ImGui::Dummy({0, 4});
  if (ui.state.side_tab == SideTab::details) {
    details_panel(ui);
  } else {
    code_panel(ui);
  }
}

void form(Ui& ui) {
  connection_panel(ui);
  input_panel(ui);
  prompt_panel(ui);
  ImGui::Dummy({0, 6});
  form_panel(ui);
}

Layout layout_for(const HostSettings& host, float width) {
  for (const Layout layout : {Layout::full, Layout::medium, Layout::split, Layout::compact}) {
    if (host.layout == name_of(layout)) return layout;
  }
  if (width < kSplitFrom) return Layout::compact;
  if (width < kMediumFrom) return Layout::split;
  return width < kFullFrom ? Layout::medium : Layout::full;
}

bool is_stacked(const Ui& ui) {
  return ui.layout == Layout::compact || ui.layout == Layout::split;
}

bool has_history(const AppState& state) {
  return std::any_of(state.runs.begin(), state.runs.end(),
                     [](const Run& run) { return run.is_over() || !run.results.empty(); });
}

float queue_height(const AppState& state) {
  const int rows = std::min(state.unfinished_runs(), 3);
  return rows == 0 ? 0 : static_cast<float>(rows) * 58 + 16;
}

void draw_columns(Ui& ui, ImVec2 origin, ImVec2 size) {
  const Palette& colors = ui.colors;
  const float top = origin.y + kBarHeight + 1, height = size.y - kBarHeight - 1;
  const float run_height = ui.state.shows_all_problems && !ui.state.parsed.problems.empty() ? 92.0F : 68.0F;
  pane("form", {origin.x, top}, {kFormWidth, height - run_height}, colors.surface, 0, [&] { form(ui); });
  pane("run", {origin.x, top + height - run_height}, {kFormWidth, run_height}, colors.surface,
       ImGuiWindowFlags_NoScrollbar, [&] { run_panel(ui); });

  const bool has_side = ui.layout == Layout::full || ui.state.shows_side;
  const float left = origin.x + kFormWidth + 1;
  const float middle = size.x - kFormWidth - 1 - (has_side ? kSideWidth + 1 : 0);
  const float queue = queue_height(ui.state), history = has_history(ui.state) ? kHistoryHeight : 0;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  pane("stage pane", {left, top}, {middle, height - queue - history}, colors.background,
       ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoScrollbar, [&] { stage_panel(ui); });
  ImGui::PopStyleVar();
  if (queue > 0) {
    pane("queue", {left, top + height - queue - history}, {middle, queue}, colors.surface, 0, [&] { queue_panel(ui); });
  }
  if (history > 0) {
    pane("history", {left, top + height - history}, {middle, history}, colors.surface,
         ImGuiWindowFlags_HorizontalScrollbar, [&] { history_panel(ui); });
  }
  if (has_side) {
    pane("side", {left + middle + 1, top}, {kSideWidth, height}, colors.surface, 0, [&] { side(ui); });
  }
}

void draw_phone(Ui& ui, ImVec2 origin, ImVec2 size) {
  const float bar = kBarHeight + 44;
  const float stage = std::clamp(size.y * 0.4F, 160.0F, 420.0F);
  const float top = origin.y + bar + 1;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  pane("stage pane", {origin.x, top}, {size.x, stage}, ui.colors.background,
       ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoScrollbar, [&] { stage_panel(ui); });
  ImGui::PopStyleVar();
  pane("below", {origin.x, top + stage}, {size.x, size.y - bar - 1 - stage}, ui.colors.surface, 0, [&] {
    queue_panel(ui);
    connection_panel(ui);
    input_panel(ui);
    prompt_panel(ui);
    run_panel(ui);
    history_panel(ui);
    ImGui::Dummy({0, 6});
    form_panel(ui);
    ImGui::Dummy({0, 12});
    side(ui);
  });
}

void notice(Ui& ui, ImVec2 origin, ImVec2 size) {
  if (ui.state.notice.empty()) return;
  const float width = std::min(size.x - 32, 520.0F);
  const float text_height = ImGui::CalcTextSize(ui.state.notice.c_str(), nullptr, false, width - 120).y;
  const float height = std::max(56.0F, text_height + 34);
  const float top = is_stacked(ui) ? kBarHeight + 44 : kBarHeight;
  pane("notice", {origin.x + (size.x - width) / 2, origin.y + top + 8}, {width, height}, ui.colors.raised,
       ImGuiWindowFlags_NoScrollbar, [&] {
         // ImGui draws a child's ground into its parent's list, which lies under the stage.
         const ImVec2 from = ImGui::GetWindowPos();
         ImGui::GetWindowDrawList()->AddRectFilled(from, {from.x + width, from.y + height}, ui.colors.raised, 8);
         ImGui::AlignTextToFramePadding();
         ImGui::PushTextWrapPos(width - 104);
         ImGui::TextUnformatted(ui.state.notice.c_str());
         ImGui::PopTextWrapPos();
         ImGui::SameLine(width - 92);
         if (ui.button("dismiss", "Close", ButtonKind::plain, {76, 0})) ui.act(DismissNotice{});
       });
}

void announce_state(Ui& ui) {
  if (!ui.state.notice.empty()) return ui.announce(ui.state.notice);
  if (ui.state.runs.empty()) return ui.announce("");
  const Run& last = ui.state.runs.back();
  // Without seconds, so that it is not read out again at every tick.
  ui.announce(last.error ? "Failed: " + last.error->message : last.is_over() ? phase_text(last, 0) : "Drawing");
}

}  // namespace

void draw_page(Ui& ui) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ui.layout = layout_for(ui.state.host, size.x);
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, ui.colors.line);
  ImGui::Begin("page", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoNav);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  const float bar = is_stacked(ui) ? kBarHeight + 44 : kBarHeight;
  pane("bar", {0, 0}, {size.x, bar}, ui.colors.surface, ImGuiWindowFlags_NoScrollbar, [&] { top_bar(ui); });
  if (is_stacked(ui)) {
    draw_phone(ui, {0, 0}, size);
  } else {
    draw_columns(ui, {0, 0}, size);
  }
  notice(ui, {0, 0}, size);
  announce_state(ui);
  ImGui::End();
}

}  // namespace palimpsest
