#include "web/platform/pointer_input.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace palimpsest {
namespace {

const ImVec2 kNowhere = {-FLT_MAX, -FLT_MAX};
constexpr float kTapReach = 8;  // points that a finger may slip and still tap

// One step of the wheel scrolls five lines.
float wheel_step() {
  return 5 * ImGui::GetFontSize();
}

}  // namespace

void PointerInput::mouse_moved(float x, float y) {
  waiting_.push_back({Kind::move, {x, y}});
}

void PointerInput::mouse_left() {
  waiting_.push_back({Kind::move, kNowhere});
}

void PointerInput::mouse_pressed(bool is_down) {
  waiting_.push_back({Kind::button, {}, is_down});
}

void PointerInput::wheel(float x, float y, float horizontal, float vertical) {
  mouse_moved(x, y);
  waiting_.push_back({Kind::wheel, {}, false, {horizontal, vertical}});
}

void PointerInput::finger_down(float x, float y) {
  finger_start_ = finger_at_ = {x, y};
  mouse_moved(x, y);
  const bool drags = std::any_of(drag_areas_.begin(), drag_areas_.end(), [&](const StageRect& area) {
    return x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height;
  });
  finger_ = drags ? Finger::dragging : Finger::undecided;
  if (drags) mouse_pressed(true);
}

void PointerInput::finger_moved(float x, float y) {
  if (finger_ == Finger::none) return;
  if (finger_ == Finger::dragging) mouse_moved(x, y);
  if (finger_ == Finger::undecided && std::hypot(x - finger_start_.x, y - finger_start_.y) > kTapReach) {
    finger_ = Finger::scrolling;
  }
  if (finger_ == Finger::scrolling) {
    const ImVec2 by = {(x - finger_at_.x) / wheel_step(), (y - finger_at_.y) / wheel_step()};
    wheel(finger_start_.x, finger_start_.y, by.x, by.y);
  }
  finger_at_ = {x, y};
}

void PointerInput::finger_up(bool is_tap) {
  if (finger_ == Finger::dragging) mouse_pressed(false);
  if (finger_ == Finger::undecided && is_tap) {
    mouse_pressed(true);
    mouse_pressed(false);
  }
  if (finger_ != Finger::none) mouse_left();
  finger_ = Finger::none;
}

bool PointerInput::apply(ImGuiIO& io) {
  bool has_moved = false, has_pressed = false, has_scrolled = false;
  while (!waiting_.empty()) {
    const Input input = waiting_.front();
    // What follows a change of the button or the wheel belongs to where it happened.
    if (has_pressed || (has_scrolled && input.kind != Kind::wheel)) break;
    // A drag goes on to where it ends before it ends.
    if (input.kind == Kind::button && !input.is_down && io.MouseDown[0] && has_moved) break;
    waiting_.pop_front();
    if (input.kind == Kind::move) {
      has_moved = true;
      io.MousePos = input.at;
    }
    if (input.kind == Kind::button) {
      has_pressed = io.MouseDown[0] != input.is_down;
      io.MouseDown[0] = input.is_down;
    }
    if (input.kind == Kind::wheel) {
      has_scrolled = true;
      io.MouseWheelH += input.amount.x;
      io.MouseWheel += input.amount.y;
    }
  }
  return !waiting_.empty();
}

}  // namespace palimpsest
