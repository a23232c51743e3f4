#include "web/gpu/image_viewport.h"

#include <algorithm>

namespace palimpsest {
namespace {

constexpr double kMargin = 16, kMaxFitted = 4, kMinZoom = 1.0 / 32, kMaxZoom = 32;

}  // namespace

double shown_zoom(const StageView& view, const StageRect& stage, ImageSize picture) {
  if (view.zoom > 0) return view.zoom;
  const double width = std::max(1.0, stage.width - 2 * kMargin), height = std::max(1.0, stage.height - 2 * kMargin);
  return std::min({width / std::max(1, picture.width), height / std::max(1, picture.height), kMaxFitted});
}

StageView zoomed(const StageView& view, const StageRect& stage, ImageSize picture, Point at, double factor) {
  const double old_zoom = shown_zoom(view, stage, picture);
  StageView result = view;
  result.zoom = std::clamp(old_zoom * factor, kMinZoom, kMaxZoom);
  const double kept = 1 / old_zoom - 1 / result.zoom;
  const StageView from = view.zoom > 0 ? view : StageView{0, 0.5, 0.5, view.divider, view.is_comparing};
  result.center_x = from.center_x + (at.x - stage.x - stage.width / 2) * kept / picture.width;
  result.center_y = from.center_y + (at.y - stage.y - stage.height / 2) * kept / picture.height;
  return moved(result, stage, picture, {});
}

StageView moved(const StageView& view, const StageRect& stage, ImageSize picture, Point by) {
  StageView result = view;
  result.zoom = shown_zoom(view, stage, picture);
  result.center_x = std::clamp(view.center_x - by.x / (result.zoom * picture.width), 0.0, 1.0);
  result.center_y = std::clamp(view.center_y - by.y / (result.zoom * picture.height), 0.0, 1.0);
  return result;
}

StageRect picture_rect(const StageView& view, const StageRect& stage, ImageSize picture) {
  const double zoom = shown_zoom(view, stage, picture);
  const double width = zoom * picture.width, height = zoom * picture.height;
  const double center_x = view.zoom > 0 ? view.center_x : 0.5, center_y = view.zoom > 0 ? view.center_y : 0.5;
  return {stage.x + stage.width / 2 - center_x * width, stage.y + stage.height / 2 - center_y * height, width, height};
}

}  // namespace palimpsest
