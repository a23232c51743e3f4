#include "web/panels/ui.h"

#include <algorithm>

namespace palimpsest {
namespace {

constexpr float kRadius = 6;

ImVec4 vec(ImU32 color) {
  return ImGui::ColorConvertU32ToFloat4(color);
}

}  // namespace

const char* name_of(Layout layout) {
  switch (layout) {
    case Layout::compact:
      return "compact";
    case Layout::split:
      return "split";
    case Layout::medium:
      return "medium";
    case Layout::full:
      break;
  }
  return "full";
}

void apply_style(const Palette& colors, const HostTheme& host) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  style.WindowPadding = {16, 12};
  style.FramePadding = {12, 8};
  style.ItemSpacing = {8, 8};
  style.FrameRounding = style.GrabRounding = host.radius.value_or(kRadius);
  style.WindowBorderSize = style.ChildBorderSize = 0;
  style.WindowRounding = style.ChildRounding = 0;
  style.ScrollbarSize = 10;
  style.ScrollbarRounding = 5;
  ImVec4* target = style.Colors;
  target[ImGuiCol_Text] = vec(colors.text);
  target[ImGuiCol_WindowBg] = vec(colors.background);
  target[ImGuiCol_ChildBg] = {0, 0, 0, 0};
  target[ImGuiCol_Border] = target[ImGuiCol_Separator] = vec(colors.line);
  target[ImGuiCol_ScrollbarBg] = {0, 0, 0, 0};
  target[ImGuiCol_ScrollbarGrab] = vec(colors.line);
  target[ImGuiCol_ScrollbarGrabHovered] = target[ImGuiCol_ScrollbarGrabActive] = vec(colors.edge);
  target[ImGuiCol_FrameBg] = vec(colors.raised);
  target[ImGuiCol_FrameBgHovered] = target[ImGuiCol_FrameBgActive] = vec(mixed(colors.raised, colors.edge, 0.2F));
  target[ImGuiCol_SliderGrab] = target[ImGuiCol_SliderGrabActive] = target[ImGuiCol_CheckMark] = vec(colors.accent);
  target[ImGuiCol_PlotHistogram] = vec(colors.accent);
}

void Ui::take(const std::vector<PlatformEvent>& field_events) {
  for (const PlatformEvent& event : field_events) {
    if (const auto* change = std::get_if<FieldChanged>(&event)) changed_[change->id] = change->text;
    if (const auto* press = std::get_if<FieldPressed>(&event)) pressed_.insert(press->id);
    if (const auto* focused = std::get_if<FieldFocused>(&event)) focused_ = focused->id;
  }
}

Field Ui::placed(Field field, ImVec2 from, ImVec2 size) const {
  field.x = from.x;
  field.y = from.y;
  field.width = size.x;
  field.height = size.y;
  const ImDrawList* list = ImGui::GetWindowDrawList();
  field.clip_top = std::clamp(list->GetClipRectMin().y - from.y, 0.0F, size.y);
  field.clip_bottom = std::clamp(from.y + size.y - list->GetClipRectMax().y, 0.0F, size.y);
  field.dialog = open_dialog_;
  if (field.id == state.focused_field) field.focus = state.focus_count;
  // What the keyboard reaches comes into view.
  if (field.id == focused_ && field.clip_top + field.clip_bottom > 0)
    ImGui::SetScrollFromPosY(from.y - ImGui::GetWindowPos().y, 0.5F);
  return field;
}

bool Ui::button(const std::string& id, const std::string& label, ButtonKind kind, ImVec2 size, bool is_enabled,
                const std::string& hint) {
  const bool is_filled = kind == ButtonKind::primary;
  const ImU32 back = is_filled                    ? colors.accent
                     : kind == ButtonKind::chosen ? mixed(colors.raised, colors.accent, 0.25F)
                                                  : colors.raised;
  const ImU32 front = is_filled ? colors.on_accent : colors.text;
  ImGui::PushStyleColor(ImGuiCol_Button, kind == ButtonKind::quiet ? 0 : back);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mixed(back, colors.text, 0.1F));
  ImGui::PushStyleColor(ImGuiCol_ButtonActive, mixed(back, colors.text, 0.2F));
  ImGui::PushStyleColor(ImGuiCol_Text, front);
  ImGui::BeginDisabled(!is_enabled);
  const bool is_clicked = ImGui::Button((label + "###" + id).c_str(), size);
  ImGui::EndDisabled();
  ImGui::PopStyleColor(4);
  Field mirror;
  mirror.id = id;
  mirror = placed(std::move(mirror), ImGui::GetItemRectMin(), ImGui::GetItemRectSize());
  mirror.kind = Field::Kind::button;
  mirror.label = label.substr(0, label.find("##"));
  mirror.hint = hint;
  mirror.is_enabled = is_enabled;
  fields.push_back(std::move(mirror));
  return is_enabled && (is_clicked || pressed_.count(id) != 0);
}

std::optional<std::string> Ui::field(Field field, float height, float width) {
  const ImVec2 size = {width > 0 ? width : ImGui::GetContentRegionAvail().x, height};
  const ImVec2 from = ImGui::GetCursorScreenPos();
  ImGui::Dummy(size);
  return mirror(std::move(field), from, size);
}

std::optional<std::string> Ui::mirror(Field field, ImVec2 from, ImVec2 size) {
  const auto change = changed_.find(field.id);
  std::optional<std::string> changed;
  if (change != changed_.end()) changed = change->second;
  if (changed) field.text = *changed;
  fields.push_back(placed(std::move(field), from, size));
  return changed;
}

void Ui::colored_text(ImU32 color, ImFont* font, const std::string& text) {
  ImGui::PushFont(font);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

void Ui::text(const std::string& text) {
  colored_text(colors.text, fonts.body, text);
}
void Ui::muted(const std::string& text) {
  colored_text(colors.muted, fonts.small, text);
}
void Ui::bad(const std::string& text) {
  colored_text(colors.bad, fonts.small, text);
}
void Ui::heading(const std::string& text) {
  colored_text(colors.text, fonts.heading, text);
}

void Ui::announce(const std::string& text) {
  Field status;
  status.id = "status";
  status.kind = Field::Kind::status;
  status.text = text;
  fields.push_back(std::move(status));
}

void Ui::thumbnail(const Picture& picture, ImVec2 box, bool is_framed) {
  const ImVec2 from = ImGui::GetCursorScreenPos(), to = {from.x + box.x, from.y + box.y};
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(from, to, colors.raised, 6);
  if (picture.texture != 0) {
    const float width = static_cast<float>(picture.size.width), height = static_cast<float>(picture.size.height);
    const float scale = std::min(box.x / width, box.y / height);
    const ImVec2 half = {width * scale / 2, height * scale / 2};
    const ImVec2 middle = {from.x + box.x / 2, from.y + box.y / 2};
    list->AddImage(reinterpret_cast<ImTextureID>(picture.texture), {middle.x - half.x, middle.y - half.y},
                   {middle.x + half.x, middle.y + half.y});
  }
  if (is_framed) list->AddRect(from, to, colors.accent, 6, 0, 2);
}

}  // namespace palimpsest
