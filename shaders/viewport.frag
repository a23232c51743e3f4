#version 300 es
// The stage: a picture at some zoom over a checkerboard, before it to the left of a divider and after it to the right.
precision highp float;

in vec2 place;
out vec4 colour;

uniform sampler2D before_picture, after_picture;  // premultiplied alpha
uniform vec2 stage_size, shown_size;              // in points: the stage's, and the picture's at this zoom
uniform vec2 picture_size;                        // in pixels
uniform vec2 center;                              // the picture's point in the middle of the stage, as fractions
uniform float divider;                            // in points from the stage's left side
uniform bool is_sharp;                            // pixels as squares
uniform vec3 surround;

void main() {
  vec2 at = place * stage_size;
  vec2 uv = center + (at - 0.5 * stage_size) / shown_size;
  bool is_inside = all(greaterThanEqual(uv, vec2(0.0))) && all(lessThan(uv, vec2(1.0)));
  vec2 nearest = (floor(uv * picture_size) + 0.5) / picture_size;
  vec2 sampled = is_sharp ? nearest : uv;
  // Both are read before choosing, since mip levels come from differences between neighbouring pixels.
  vec4 before = texture(before_picture, sampled);
  vec4 after = texture(after_picture, sampled);
  vec4 picture = at.x < divider ? before : after;
  float checker = mod(floor(at.x / 8.0) + floor(at.y / 8.0), 2.0) * 0.08 + 0.42;
  vec3 inside = picture.rgb + checker * (1.0 - picture.a);
  colour = vec4(is_inside ? inside : surround, 1.0);
}
