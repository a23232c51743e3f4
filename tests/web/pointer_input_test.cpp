#include "web/platform/pointer_input.h"

#include "tests/web/page_fixture.h"

namespace palimpsest::testing {

TEST_CASE("each frame takes one change of the button at most") {
  PageFixture page;  // for ImGui's context
  PointerInput input;
  input.mouse_moved(5, 6);
  input.mouse_pressed(true);
  input.mouse_pressed(false);
  ImGuiIO io;
  CHECK(input.apply(io));
  CHECK(io.MouseDown[0]);
  CHECK(io.MousePos.x == 5);
  CHECK_FALSE(input.apply(io));
  CHECK_FALSE(io.MouseDown[0]);
}

TEST_CASE("a finger taps, scrolls, or drags where something can be dragged") {
  PageFixture page;
  page.frame();  // sets the size of the font, by which the wheel counts
  PointerInput input;
  input.set_drag_areas({{100, 100, 50, 50}});
  ImGuiIO io;
  SUBCASE("a tap presses and releases") {
    input.finger_down(10, 10);
    input.finger_moved(13, 10);
    input.finger_up(true);
    input.apply(io);
    CHECK(io.MouseDown[0]);
    CHECK(io.MousePos.x == 10);
    input.apply(io);
    CHECK_FALSE(io.MouseDown[0]);
  }
  SUBCASE("a longer way scrolls and never presses") {
    input.finger_down(10, 10);
    input.finger_moved(10, 60);
    input.finger_up(true);
    while (input.apply(io)) CHECK_FALSE(io.MouseDown[0]);
    CHECK_FALSE(io.MouseDown[0]);
    CHECK(io.MouseWheel * 5 * ImGui::GetFontSize() == doctest::Approx(50));
  }
  SUBCASE("in a drag area it holds") {
    input.finger_down(110, 110);
    input.apply(io);
    CHECK(io.MouseDown[0]);
    input.finger_moved(120, 110);
    input.apply(io);
    CHECK(io.MousePos.x == 120);
    CHECK(io.MouseDown[0]);
    input.finger_up(true);
    input.apply(io);
    CHECK_FALSE(io.MouseDown[0]);
  }
}

}  // namespace palimpsest::testing
