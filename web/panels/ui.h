// web/panels: what is drawn, one file and one function for each panel. Panels read AppState and append actions; they
// know neither network nor browser. Text is edited in the platform's fields, which Ui places over the canvas.
// Start with page.cpp.
#pragma once

#include <imgui.h>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "web/action.h"
#include "web/app_state.h"
#include "web/gpu/image_viewport.h"
#include "web/panels/icons.h"
#include "web/panels/palette.h"
#include "web/platform/platform.h"

namespace palimpsest {

struct Fonts {
  ImFont* body = nullptr;
  ImFont* heading = nullptr;
  ImFont* small = nullptr;
  ImFont* mono = nullptr;
  ImFont* icons = nullptr;  ///< the signs of icons.h
};

/// ImGui's own colours and measures.
void apply_style(const Palette& colors, const HostTheme& host = {});

enum class Layout {
  compact,  ///< a phone: the stage, the prompt below it, everything else in sheets
  split,    ///< a column of a document: stage and form side by side
  medium,   ///< form and stage; details come in a drawer
  full,     ///< form, stage, details
};
/// As in data-layout.
const char* name_of(Layout layout);

enum class ButtonKind { plain, primary, chosen, quiet };

/// One frame's drawing: the state, what was done to fields and buttons, and what the panels ask for.
class Ui {
 public:
  Ui(const AppState& app_state, const Fonts& app_fonts, Painter* stage_painter)
      : state(app_state),
        fonts(app_fonts),
        colors(palette_of(app_state.theme, app_state.host_theme)),
        painter(stage_painter) {}

  const AppState& state;
  const Fonts& fonts;
  const Palette colors;
  Painter* painter;  ///< null without a screen
  Layout layout = Layout::full;
  bool is_compact() const { return layout == Layout::compact; }
  Actions actions;
  std::vector<Field> fields;
  std::vector<StageRect> drag_areas;  ///< where a finger moves what it touches instead of scrolling
  std::deque<std::pair<Painter*, ImageViewport>> viewports;

  void act(Action action) { actions.push_back(std::move(action)); }
  /// Whether a dialog lies over the page in this frame.
  bool has_dialog() const { return !open_dialog_.empty(); }
  /// What the platform's fields reported since the last frame.
  void take(const std::vector<PlatformEvent>& field_events);

  /// True when pressed, by pointer or keyboard. `id` is unique on the page; the label is also what is read aloud.
  bool button(const std::string& id, const std::string& label, ButtonKind kind = ButtonKind::plain, ImVec2 size = {},
              bool is_enabled = true, const std::string& hint = "");
  /// One of several; the new choice where it changed.
  template <typename T, std::size_t N>
  std::optional<T> segments(const std::string& id, const std::pair<T, const char*> (&choices)[N], T chosen,
                            float width) {
    std::optional<T> picked;
    const float each = (width - 4.0F * static_cast<float>(N - 1)) / static_cast<float>(N);
    for (std::size_t i = 0; i < N; ++i) {
      if (i != 0) ImGui::SameLine(0, 4);
      const bool is_chosen = choices[i].first == chosen;
      if (button(id + "." + choices[i].second, choices[i].second, is_chosen ? ButtonKind::chosen : ButtonKind::plain,
                 {each, 0})) {
        picked = choices[i].first;
      }
    }
    return picked;
  }
  /// A field at the cursor over the whole width, or `width`; the new text where the visitor changed it.
  std::optional<std::string> field(Field field, float height, float width = 0);

  /// For what ImGui has drawn at this place: its field for keyboard and screen reader; the new text where it changed.
  std::optional<std::string> mirror(Field field, ImVec2 from, ImVec2 size);

  void text(const std::string& text);
  void muted(const std::string& text);
  void bad(const std::string& text);
  void heading(const std::string& text);
  /// Read aloud when it changes; not drawn.
  void announce(const std::string& text);
  /// A picture fitted into a box at the cursor.
  void thumbnail(const Picture& picture, ImVec2 box, bool is_framed);

 private:
  void colored_text(ImU32 color, ImFont* font, const std::string& text);
  Field placed(Field field, ImVec2 from, ImVec2 size) const;

  std::string open_dialog_;  ///< its name, while it is drawn and for the rest of the frame
  std::string focused_;      ///< the field that the keyboard has just reached
  std::set<std::string> pressed_;
  std::map<std::string, std::string> changed_;
};

/// Everything, into the ImGui frame that has begun.
void draw_page(Ui& ui);

void top_bar(Ui& ui);
void connection_panel(Ui& ui);
void prompt_panel(Ui& ui);
void input_panel(Ui& ui);
void form_panel(Ui& ui);
void run_panel(Ui& ui);
void stage_panel(Ui& ui);
void queue_panel(Ui& ui);
void history_panel(Ui& ui);
void details_panel(Ui& ui);
void code_panel(Ui& ui);

}  // namespace palimpsest
