#version 300 es
// The stage as one quad; the viewport is set to its rectangle.
out highp vec2 place;  // fraction of the stage from its upper left corner

void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  place = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
