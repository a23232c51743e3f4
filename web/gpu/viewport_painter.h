#pragma once

#include <map>
#include <string>

#include "web/gpu/image_viewport.h"

namespace palimpsest {

/// Draws the stage with shaders/viewport.*; belongs to one WebGL 2 context.
class ViewportPainter : public Painter {
 public:
  /// `height` of the canvas in points, `density` pixels for each point.
  void set_canvas(double height, double density);
  void paint(const ImageViewport& viewport) override;
  /// After the context was lost: what was made in it is gone.
  void forget() { program_ = 0; }

 private:
  void link();
  int uniform(const char* name) const;

  double height_ = 0, density_ = 1;
  unsigned program_ = 0, vertex_array_ = 0;
};

}  // namespace palimpsest
