#include "web/panels/ui.h"

namespace palimpsest {
namespace {

constexpr std::pair<Mode, const char*> kModes[] = {{Mode::generate, "Generate"}, {Mode::edit, "Edit"}};

std::string connection_label(const Connection& connection) {
  switch (connection.phase) {
    case Connection::Phase::connected:
      return "Connected";
    case Connection::Phase::connecting:
      return "Connecting";
    case Connection::Phase::failed:
      return "No connection";
    case Connection::Phase::idle:
      break;
  }
  return "Not connected";
}

void connection_button(Ui& ui) {
  const Connection::Phase phase = ui.state.connection.phase;
  const ImU32 dot = phase == Connection::Phase::connected ? ui.colors.ok
                    : phase == Connection::Phase::failed  ? ui.colors.bad
                                                          : ui.colors.muted;
  const std::string label = "    " + connection_label(ui.state.connection);
  if (ui.button("connection", label, ButtonKind::plain, {}, true, ui.state.connection.base_url))
    ui.act(ToggleConnection{});
  const ImVec2 from = ImGui::GetItemRectMin(), to = ImGui::GetItemRectMax();
  ImGui::GetWindowDrawList()->AddCircleFilled({from.x + 16, (from.y + to.y) / 2}, 4.5F, dot);
}

float button_width(const char* label) {
  return ImGui::CalcTextSize(label).x + 2 * ImGui::GetStyle().FramePadding.x;
}

}  // namespace

void top_bar(Ui& ui) {
  const bool is_narrow = ui.layout == Layout::compact || ui.layout == Layout::split;
  const char* theme = ui.state.theme == Theme::dark ? "Light" : "Dark";
  const char* side = ui.state.shows_side ? "Hide details" : "Details";
  const bool has_side_button = ui.layout == Layout::medium;

  ImGui::AlignTextToFramePadding();
  ImGui::PushFont(ui.fonts.heading);
  ImGui::TextUnformatted("Palimpsest");
  ImGui::PopFont();
  if (!is_narrow) {
    ImGui::SameLine(0, 24);
    if (const auto mode = ui.segments("mode", kModes, ui.state.form.mode, 200)) ui.act(SetMode{*mode});
  }
  const float right = button_width(("    " + connection_label(ui.state.connection)).c_str()) + 8 + button_width(theme) +
                      (has_side_button ? 8 + button_width(side) : 0);
  ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - right);
  connection_button(ui);
  if (has_side_button) {
    ImGui::SameLine();
    if (ui.button("side", side)) ui.act(ToggleSide{});
  }
  ImGui::SameLine();
  if (ui.button("theme", theme, ButtonKind::plain, {}, true, "Switch between dark and light"))
    ui.act(SetThemeChoice{ui.state.theme == Theme::dark ? ThemeChoice::light : ThemeChoice::dark});
  if (is_narrow) {
    const float width = ImGui::GetContentRegionAvail().x;
    if (const auto mode = ui.segments("mode", kModes, ui.state.form.mode, width)) ui.act(SetMode{*mode});
  }
}

}  // namespace palimpsest
