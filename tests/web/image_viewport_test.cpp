#include "web/gpu/image_viewport.h"

#include <doctest/doctest.h>

namespace palimpsest {
namespace {

constexpr StageRect kStage = {100, 50, 832, 632};
constexpr ImageSize kPicture = {400, 200};

/// The picture's point under a point of the screen, in pixels.
Point under(const StageView& view, Point at) {
  const StageRect rect = picture_rect(view, kStage, kPicture);
  const double zoom = rect.width / kPicture.width;
  return {(at.x - rect.x) / zoom, (at.y - rect.y) / zoom};
}

}  // namespace

TEST_CASE("a fitted picture lies in the middle of the stage, with a margin") {
  const StageRect rect = picture_rect({}, kStage, kPicture);
  CHECK(rect.width == doctest::Approx(800));
  CHECK(rect.height == doctest::Approx(400));
  CHECK(rect.x == doctest::Approx(116));
  CHECK(rect.y == doctest::Approx(166));
}

TEST_CASE("zooming keeps the picture's point under the pointer") {
  const Point at = {300, 400};
  StageView view;
  for (int i = 0; i < 5; ++i) {
    const StageView next = zoomed(view, kStage, kPicture, at, 1.3);
    CHECK(under(next, at).x == doctest::Approx(under(view, at).x));
    CHECK(under(next, at).y == doctest::Approx(under(view, at).y));
    view = next;
  }
  CHECK(view.zoom > 2);
}

TEST_CASE("zoom has limits, and the picture's middle stays on the picture") {
  StageView view;
  for (int i = 0; i < 100; ++i) view = zoomed(view, kStage, kPicture, {300, 400}, 2);
  CHECK(view.zoom == 32);
  view = moved(view, kStage, kPicture, {1e9, -1e9});
  CHECK(view.center_x == 0);
  CHECK(view.center_y == 1);
}

TEST_CASE("moving moves the picture by as many points") {
  StageView view;
  view.zoom = 8;
  const StageView next = moved(view, kStage, kPicture, {24, -16});
  CHECK(picture_rect(next, kStage, kPicture).x - picture_rect(view, kStage, kPicture).x == doctest::Approx(24));
  CHECK(picture_rect(next, kStage, kPicture).y - picture_rect(view, kStage, kPicture).y == doctest::Approx(-16));
}

}  // namespace palimpsest
