// web/gpu: how pictures are drawn on the stage. The geometry is plain arithmetic; ViewportPainter needs WebGL 2 and is
// in the page only.
// Start here.
#pragma once

#include <cstdint>

#include "shared/image/image.h"
#include "web/app_state.h"

namespace palimpsest {

struct Point {
  double x = 0, y = 0;
};

/// The stage's rectangle in points.
struct StageRect {
  double x = 0, y = 0, width = 0, height = 0;
};

/// The zoom at which a picture is shown: the view's own, or that which fits it into the stage; above its own size a
/// fitted picture is only enlarged up to four times, since a tiny one says more small than blurred.
double shown_zoom(const StageView& view, const StageRect& stage, ImageSize picture);

/// The view zoomed by `factor` so that the picture's point under `at` stays there; from 1/32 to 32 points for a pixel.
StageView zoomed(const StageView& view, const StageRect& stage, ImageSize picture, Point at, double factor);

/// The view moved by so many points; the picture's middle never leaves the stage.
StageView moved(const StageView& view, const StageRect& stage, ImageSize picture, Point by);

/// The picture's rectangle on the screen.
StageRect picture_rect(const StageView& view, const StageRect& stage, ImageSize picture);

/// All that one drawing of the stage needs.
struct ImageViewport {
  StageRect stage;
  StageView view;
  ImageSize size;                        ///< of the picture after
  std::uintptr_t before = 0, after = 0;  ///< textures; `before` is 0 where nothing is compared
  float surround[3] = {0, 0, 0};
};

class Painter {
 public:
  virtual ~Painter() = default;
  virtual void paint(const ImageViewport& viewport) = 0;
};

}  // namespace palimpsest
