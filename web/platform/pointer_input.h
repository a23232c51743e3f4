#pragma once

#include <imgui.h>

#include <deque>
#include <vector>

#include "web/gpu/image_viewport.h"

namespace palimpsest {

/// Mouse and fingers as ImGui wants them. ImGui 1.86 sees only the state at each frame, so that a press and its release
/// must not fall into one: each frame takes one change of a button at most.
class PointerInput {
 public:
  void mouse_moved(float x, float y);
  void mouse_left();
  void mouse_pressed(bool is_down);
  /// In ImGui's steps, positive away from the user.
  void wheel(float x, float y, float horizontal, float vertical);

  /// A single finger: taps press, and it scrolls unless it began in one of the drag areas, where it drags.
  void finger_down(float x, float y);
  void finger_moved(float x, float y);
  /// `is_tap` is false where a second finger or the browser ended it.
  void finger_up(bool is_tap);

  void set_drag_areas(std::vector<StageRect> areas) { drag_areas_ = std::move(areas); }

  /// Gives ImGui this frame's part; true where more is waiting.
  bool apply(ImGuiIO& io);

 private:
  enum class Kind { move, button, wheel };
  struct Input {
    Kind kind = Kind::move;
    ImVec2 at = {};
    bool is_down = false;
    ImVec2 amount = {};
  };
  enum class Finger { none, undecided, dragging, scrolling };

  std::deque<Input> waiting_;
  std::vector<StageRect> drag_areas_;
  Finger finger_ = Finger::none;
  ImVec2 finger_start_ = {}, finger_at_ = {};
};

}  // namespace palimpsest
