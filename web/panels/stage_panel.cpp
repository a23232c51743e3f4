#include <algorithm>
#include <cmath>

#include "shared/api/size.h"
#include "web/panels/ui.h"
#include "web/panels/words.h"

namespace palimpsest {
namespace {

constexpr float kToolbarHeight = 36;

/// What the stage shows of a run.
struct Shown {
  const Run* run = nullptr;
  const Picture* after = nullptr;
  const Picture* before = nullptr;  ///< of an edit
  bool is_preview = false;
};

const Picture* ready(const AppState& state, PictureId id) {
  const Picture* picture = state.picture(id);
  return picture != nullptr && picture->texture != 0 ? picture : nullptr;
}

Shown shown_of(const AppState& state) {
  Shown shown;
  shown.run = state.run(state.shown_run);
  const auto input = state.form.pictures.find("image");
  if (shown.run == nullptr) {
    if (state.form.mode == Mode::edit && input != state.form.pictures.end()) shown.after = ready(state, input->second);
    return shown;
  }
  if (state.shown_result < shown.run->results.size()) {
    shown.after = ready(state, shown.run->results[state.shown_result].picture);
  }
  if (shown.after == nullptr) {
    shown.after = ready(state, shown.run->preview);
    shown.is_preview = shown.after != nullptr;
  }
  const auto source = shown.run->form.pictures.find("image");
  if (shown.run->form.mode == Mode::edit && source != shown.run->form.pictures.end()) {
    shown.before = ready(state, source->second);
    if (shown.after == nullptr) std::swap(shown.after, shown.before);
  }
  return shown;
}

void draw_viewport(Ui& ui, const ImageViewport& viewport) {
  ui.viewports.emplace_back(ui.painter, viewport);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddCallback(
      [](const ImDrawList*, const ImDrawCmd* command) {
        const auto* call = static_cast<const std::pair<Painter*, ImageViewport>*>(command->UserCallbackData);
        if (call->first != nullptr) call->first->paint(call->second);
      },
      &ui.viewports.back());
  list->AddCallback(ImDrawCallback_ResetRenderState, nullptr);
}

void draw_divider(Ui& ui, const StageRect& stage) {
  const auto x = static_cast<float>(stage.x + ui.state.view.divider * stage.width);
  const auto top = static_cast<float>(stage.y), bottom = static_cast<float>(stage.y + stage.height);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine({x, top}, {x, bottom}, IM_COL32(0, 0, 0, 130), 4);
  list->AddLine({x, top}, {x, bottom}, IM_COL32(255, 255, 255, 230), 2);
  const float middle = (top + bottom) / 2;
  list->AddCircleFilled({x, middle}, 14, IM_COL32(255, 255, 255, 240));
  list->AddTriangleFilled({x - 9, middle}, {x - 3, middle - 5}, {x - 3, middle + 5}, IM_COL32(20, 20, 20, 255));
  list->AddTriangleFilled({x + 9, middle}, {x + 3, middle + 5}, {x + 3, middle - 5}, IM_COL32(20, 20, 20, 255));
  const auto tag = [&](const char* text, float at) {
    const ImVec2 size = ImGui::CalcTextSize(text);
    list->AddRectFilled({at - 6, top + 8}, {at + size.x + 6, top + 16 + size.y}, IM_COL32(0, 0, 0, 150), 6);
    list->AddText({at, top + 12}, IM_COL32_WHITE, text);
  };
  if (x - static_cast<float>(stage.x) > 70) tag("Before", static_cast<float>(stage.x) + 16);
  const float right = static_cast<float>(stage.x + stage.width);
  if (right - x > 70) tag("After", right - 16 - ImGui::CalcTextSize("After").x);
}

/// Wheel zooms, drag moves the picture or, from near it, the divider; a double click fits.
void handle_pointer(Ui& ui, const StageRect& stage, ImageSize size, bool is_compared) {
  const ImGuiIO& io = ImGui::GetIO();
  const StageView& view = ui.state.view;
  ImGuiStorage* storage = ImGui::GetStateStorage();
  const ImGuiID dragging = ImGui::GetID("dragging the divider");
  if (ImGui::IsItemHovered() && io.MouseWheel != 0) {
    ui.act(SetView{zoomed(view, stage, size, {io.MousePos.x, io.MousePos.y}, std::pow(1.15, io.MouseWheel))});
  }
  if (ImGui::IsItemActivated()) {
    const double divider = stage.x + view.divider * stage.width;
    storage->SetBool(dragging, is_compared && std::abs(io.MousePos.x - divider) < 24);
  }
  if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    StageView fitted = view;
    fitted.zoom = 0;
    return ui.act(SetView{fitted});
  }
  if (!ImGui::IsItemActive() || (io.MouseDelta.x == 0 && io.MouseDelta.y == 0)) return;
  if (storage->GetBool(dragging)) {
    StageView next = view;
    next.divider = std::clamp((io.MousePos.x - stage.x) / stage.width, 0.0, 1.0);
    ui.act(SetView{next});
  } else {
    ui.act(SetView{moved(view, stage, size, {io.MouseDelta.x, io.MouseDelta.y})});
  }
}

void toolbar(Ui& ui, const Shown& shown) {
  const StageView& view = ui.state.view;
  StageView next = view;
  if (ui.button("fit", "Fit", view.zoom == 0 ? ButtonKind::chosen : ButtonKind::plain, {}, true, "0")) next.zoom = 0;
  ImGui::SameLine();
  if (ui.button("actual_size", "1:1", view.zoom == 1 ? ButtonKind::chosen : ButtonKind::plain, {}, true, "1"))
    next.zoom = 1;
  if (shown.before != nullptr) {
    ImGui::SameLine();
    if (ui.button("compare", "Compare", view.is_comparing ? ButtonKind::chosen : ButtonKind::plain)) {
      next.is_comparing = !view.is_comparing;
    }
  }
  if (next.zoom != view.zoom || next.is_comparing != view.is_comparing) ui.act(SetView{next});
  const bool is_result = shown.run != nullptr && !shown.is_preview && ui.state.shown_result < shown.run->results.size();
  if (!is_result) return;
  ImGui::SameLine(0, 20);
  if (ui.button("use_as_input", "Edit this", ButtonKind::plain, {}, true,
                "The result becomes the picture to edit (U)")) {
    ui.act(UseAsInput{shown.run->id, ui.state.shown_result});
  }
  ImGui::SameLine();
  if (ui.button("save", "Save")) ui.act(SavePicture{shown.run->id, ui.state.shown_result});
}

void centered(Ui& ui, const StageRect& stage, const std::string& line, float below, ImU32 color) {
  const float width = std::min(static_cast<float>(stage.width) - 32, 420.0F);
  const ImVec2 size = ImGui::CalcTextSize(line.c_str(), nullptr, false, width);
  const ImVec2 at = {static_cast<float>(stage.x + stage.width / 2) - size.x / 2,
                     static_cast<float>(stage.y + stage.height / 2) + below};
  ImGui::GetWindowDrawList()->AddText(ui.fonts.body, ui.fonts.body->FontSize * ImGui::GetIO().FontGlobalScale, at,
                                      color, line.c_str(), nullptr, width);
}

void empty_stage(Ui& ui, const Shown& shown, const StageRect& stage) {
  if (shown.run != nullptr && shown.run->error) {
    centered(ui, stage, "This one failed.", -36, ui.colors.bad);
    return centered(ui, stage, shown.run->error->message, -8, ui.colors.text);
  }
  if (shown.run != nullptr) return centered(ui, stage, phase_text(*shown.run, ui.state.now_s), -8, ui.colors.muted);
  centered(ui, stage,
           ui.state.form.mode == Mode::edit ? "Drop a picture anywhere on this page" : "Your picture appears here", -24,
           ui.colors.text);
  centered(ui, stage,
           ui.state.form.mode == Mode::edit ? "then say what should change." : "Write a prompt and press Generate.", 2,
           ui.colors.muted);
}

}  // namespace

void stage_panel(Ui& ui) {
  const Shown shown = shown_of(ui.state);
  const ImVec2 from = ImGui::GetCursorScreenPos(), space = ImGui::GetContentRegionAvail();
  const bool has_toolbar = shown.after != nullptr;
  const ImVec2 size = {std::max(1.0F, space.x), std::max(1.0F, space.y - (has_toolbar ? kToolbarHeight + 8 : 0))};
  const StageRect stage = {from.x, from.y, size.x, size.y};
  ImGui::InvisibleButton("stage", size);
  ui.drag_areas.push_back(stage);
  const ImVec4 surround = ImGui::ColorConvertU32ToFloat4(ui.colors.background);
  if (shown.after == nullptr) return empty_stage(ui, shown, stage);

  const bool is_compared = shown.before != nullptr && ui.state.view.is_comparing;
  ImageViewport viewport{stage,
                         ui.state.view,
                         shown.after->size,
                         is_compared ? shown.before->texture : 0,
                         shown.after->texture,
                         {surround.x, surround.y, surround.z}};
  handle_pointer(ui, stage, shown.after->size, is_compared);
  draw_viewport(ui, viewport);
  if (is_compared) draw_divider(ui, stage);
  ImGui::SetCursorScreenPos({from.x + 12, from.y + size.y + 4});
  toolbar(ui, shown);
  if (ui.layout == Layout::compact) return;
  ImGui::SameLine(0, 20);
  ImGui::AlignTextToFramePadding();
  std::string caption = to_string(shown.after->size);
  caption +=
      "  " + std::to_string(static_cast<int>(shown_zoom(ui.state.view, stage, shown.after->size) * 100 + 0.5)) + " %";
  ui.muted(shown.is_preview ? "Preview" : caption);
}

}  // namespace palimpsest
