#include "web/gpu/viewport_painter.h"

#include <GLES3/gl3.h>

#include <string_view>

#include "shared/base/error.h"

namespace palimpsest {

// Of the embedded files.
std::string_view viewport_vertex_shader();
std::string_view viewport_fragment_shader();

namespace {

GLuint compiled(GLenum kind, std::string_view source) {
  const GLuint shader = glCreateShader(kind);
  const char* text = source.data();
  const auto length = static_cast<GLint>(source.size());
  glShaderSource(shader, 1, &text, &length);
  glCompileShader(shader);
  GLint is_compiled = 0;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &is_compiled);
  if (is_compiled) return shader;
  char log[512] = {};
  glGetShaderInfoLog(shader, sizeof(log), nullptr, log);
  fail("shader_invalid", std::string("The stage's shader does not compile: ") + log, 500);
}

}  // namespace

void ViewportPainter::set_canvas(double height, double density) {
  height_ = height;
  density_ = density;
}

void ViewportPainter::link() {
  program_ = glCreateProgram();
  const GLuint vertex = compiled(GL_VERTEX_SHADER, viewport_vertex_shader());
  const GLuint fragment = compiled(GL_FRAGMENT_SHADER, viewport_fragment_shader());
  glAttachShader(program_, vertex);
  glAttachShader(program_, fragment);
  glLinkProgram(program_);
  glDeleteShader(vertex);
  glDeleteShader(fragment);
  glGenVertexArrays(1, &vertex_array_);
}

int ViewportPainter::uniform(const char* name) const {
  return glGetUniformLocation(program_, name);
}

void ViewportPainter::paint(const ImageViewport& viewport) {
  if (program_ == 0) link();
  const StageRect& stage = viewport.stage;
  const auto pixels = [&](double points) { return static_cast<GLint>(points * density_ + 0.5); };
  const double zoom = shown_zoom(viewport.view, stage, viewport.size);
  const StageRect shown = picture_rect(viewport.view, stage, viewport.size);
  const auto f = [](double value) { return static_cast<float>(value); };

  glViewport(pixels(stage.x), pixels(height_ - stage.y - stage.height), pixels(stage.width), pixels(stage.height));
  glScissor(pixels(stage.x), pixels(height_ - stage.y - stage.height), pixels(stage.width), pixels(stage.height));
  glDisable(GL_BLEND);
  glUseProgram(program_);
  glBindVertexArray(vertex_array_);
  glUniform2f(uniform("stage_size"), f(stage.width), f(stage.height));
  glUniform2f(uniform("shown_size"), f(shown.width), f(shown.height));
  glUniform2f(uniform("picture_size"), f(viewport.size.width), f(viewport.size.height));
  glUniform2f(uniform("center"), f((stage.x + stage.width / 2 - shown.x) / shown.width),
              f((stage.y + stage.height / 2 - shown.y) / shown.height));
  glUniform1f(uniform("divider"), viewport.before == 0 ? -1.0F : f(viewport.view.divider * stage.width));
  glUniform1i(uniform("is_sharp"), zoom >= 8 && viewport.before == 0);
  glUniform3fv(uniform("surround"), 1, viewport.surround);
  glUniform1i(uniform("before_picture"), 0);
  glUniform1i(uniform("after_picture"), 1);
  glActiveTexture(GL_TEXTURE1);
  glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(viewport.after));
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(viewport.before == 0 ? viewport.after : viewport.before));
  glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}

}  // namespace palimpsest
