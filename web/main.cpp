// The page in a browser: what embed/browser.js calls, and one frame.
#include <GLES3/gl3.h>
#include <backends/imgui_impl_opengl3.h>
#include <emscripten.h>
#include <imgui.h>

#include <array>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/json.h"
#include "web/app.h"
#include "web/gpu/viewport_painter.h"
#include "web/host_calls.h"
#include "web/host_observer.h"
#include "web/panels/ui.h"
#include "web/platform/platform_emscripten.h"
#include "web/platform/pointer_input.h"

namespace palimpsest {
namespace {

// Latin, Greek and Cyrillic, punctuation and arrows; prompts are in the browser's own fields, in any script.
constexpr ImWchar kGlyphs[] = {0x20,   0x17F,  0x370,  0x3FF,  0x400,  0x4FF, 0x2010,
                               0x2027, 0x20AC, 0x20AC, 0x2190, 0x2193, 0};
constexpr ImWchar kLatin[] = {0x20, 0x17F, 0x2010, 0x2027, 0};
constexpr ImWchar kIcons[] = {0xE000, 0xF8FF, 0};

struct Page {
  EmscriptenPlatform platform;
  App app{platform};
  PointerInput pointer;
  ViewportPainter painter;
  Fonts fonts;
  std::array<std::string, 4> font_files;  ///< text, semibold text, numbers and code, icons
  double density = 0, last_frame_s = 0;
  std::string colors;  ///< of the fields, as they were told last
  HostObserver observer;

  void bake_fonts(double new_density);
  void apply_colors();
  int frame(double width, double height, double new_density);
  void draw();
  void prepare_gl();
};

void Page::prepare_gl() {
  ImGui_ImplOpenGL3_Init("#version 300 es");
}

void Page::bake_fonts(double new_density) {
  density = new_density;
  ImGuiIO& io = ImGui::GetIO();
  io.Fonts->Clear();
  const auto add = [&](std::string& file, double size, const ImWchar* glyphs) {
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    config.OversampleH = 1;
    return io.Fonts->AddFontFromMemoryTTF(file.data(), static_cast<int>(file.size()),
                                          static_cast<float>(size * density), &config, glyphs);
  };
  // Sizes are those of the line; letters of Inter come out as large as 15, 13 and 18 points of a style sheet.
  fonts.body = add(font_files[0], 18, kGlyphs);
  fonts.small = add(font_files[0], 16, kGlyphs);
  fonts.heading = add(font_files[1], 19, kLatin);
  fonts.mono = add(font_files[2], 17, kLatin);
  fonts.icons = add(font_files[3], 20, kIcons);
  io.FontDefault = fonts.body;
  io.FontGlobalScale = static_cast<float>(1 / density);
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

/// ImGui's and the fields' colours follow the theme.
void Page::apply_colors() {
  const AppState& state = app.state();
  const Palette palette = palette_of(state.theme, state.host_theme);
  apply_style(palette, state.host_theme);
  const std::pair<const char*, ImU32> parts[] = {{"background", palette.background},
                                                 {"surface", palette.surface},
                                                 {"raised", palette.raised},
                                                 {"line", palette.line},
                                                 {"edge", palette.edge},
                                                 {"text", palette.text},
                                                 {"muted", palette.muted},
                                                 {"accent", palette.accent},
                                                 {"on-accent", palette.on_accent},
                                                 {"bad", palette.bad}};
  Json json;
  json.set("isDark", state.theme == Theme::dark);
  json.set("radius", static_cast<double>(ImGui::GetStyle().FrameRounding));
  for (const auto& [name, color] : parts) json.set(name, css_color(color));
  const std::string text = json.dump();
  if (text != colors) platform.set_colors(colors = text);
}

int Page::frame(double width, double height, double new_density) {
  if (new_density != density) bake_fonts(new_density);
  std::vector<PlatformEvent> field_events;
  const bool has_happened = app.pump(field_events);
  ImGuiIO& io = ImGui::GetIO();
  const auto scale = static_cast<float>(density);
  io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
  io.DisplayFramebufferScale = {scale, scale};
  const double now_s = platform.now_s();
  io.DeltaTime = static_cast<float>(std::max(1e-4, std::min(0.1, now_s - last_frame_s)));
  last_frame_s = now_s;
  const bool has_more_input = pointer.apply(io);
  apply_colors();

  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  Ui ui(app.state(), fonts, &painter);
  ui.take(field_events);
  draw_page(ui);
  ImGui::Render();
  painter.set_canvas(height, density);
  draw();
  platform.place_fields(ui.fields);
  pointer.set_drag_areas(std::move(ui.drag_areas));
  for (const Action& action : ui.actions) app.apply(action);
  for (const auto& [name, detail] : observer.changes(app.state(), name_of(ui.layout), ui.has_dialog())) {
    platform.tell_host(name, detail.dump());
  }
  return has_happened || has_more_input || !ui.actions.empty();
}

void Page::draw() {
  const ImGuiIO& io = ImGui::GetIO();
  const ImVec2 scale = io.DisplayFramebufferScale;
  glViewport(0, 0, static_cast<GLsizei>(io.DisplaySize.x * scale.x), static_cast<GLsizei>(io.DisplaySize.y * scale.y));
  glDisable(GL_SCISSOR_TEST);
  glClearColor(0, 0, 0, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

// One page in one instance of the module.
std::unique_ptr<Page> page;

/// The wall at which the page's exceptions end.
template <typename Work>
int guarded(Work work) {
  try {
    return work();
  } catch (const std::exception& problem) {
    page->platform.show_failure(problem.what());
    return 0;
  }
}

}  // namespace
}  // namespace palimpsest

using namespace palimpsest;  // NOLINT: the exported functions are C's

extern "C" {

EMSCRIPTEN_KEEPALIVE void page_create() {
  page = std::make_unique<Page>();
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui::GetIO().ConfigWindowsMoveFromTitleBarOnly = true;
}

EMSCRIPTEN_KEEPALIVE void page_font(int which, const char* bytes, int length) {
  page->font_files.at(static_cast<std::size_t>(which)).assign(bytes, static_cast<std::size_t>(length));
}

EMSCRIPTEN_KEEPALIVE void page_start(const char* options_text) {
  guarded([&] {
    page->prepare_gl();
    const Json options = parse_json(options_text).value_or_throw();
    page->app.start(start_options_from(options));
    return 0;
  });
}

/// The answer is a text that the caller frees.
EMSCRIPTEN_KEEPALIVE char* page_call(const char* question) {
  std::string answer = "{}";
  guarded([&] {
    answer = answer_host(page->app, parse_json(question).value_or_throw()).dump();
    return 0;
  });
  return strdup(answer.c_str());
}

EMSCRIPTEN_KEEPALIVE int page_frame(double width, double height, double density) {
  return guarded([&] { return page->frame(width, height, density); });
}

EMSCRIPTEN_KEEPALIVE void page_context_restored() {
  guarded([&] {
    ImGui_ImplOpenGL3_Shutdown();
    page->prepare_gl();
    page->painter.forget();
    page->density = 0;
    return 0;
  });
}

EMSCRIPTEN_KEEPALIVE void page_mouse(double x, double y) {
  page->pointer.mouse_moved(static_cast<float>(x), static_cast<float>(y));
}
EMSCRIPTEN_KEEPALIVE void page_mouse_left() {
  page->pointer.mouse_left();
}
EMSCRIPTEN_KEEPALIVE void page_mouse_button(int is_down) {
  page->pointer.mouse_pressed(is_down != 0);
}
EMSCRIPTEN_KEEPALIVE void page_wheel(double x, double y, double horizontal, double vertical) {
  page->pointer.wheel(static_cast<float>(x), static_cast<float>(y), static_cast<float>(horizontal),
                      static_cast<float>(vertical));
}
EMSCRIPTEN_KEEPALIVE void page_finger_down(double x, double y) {
  page->pointer.finger_down(static_cast<float>(x), static_cast<float>(y));
}
EMSCRIPTEN_KEEPALIVE void page_finger_moved(double x, double y) {
  page->pointer.finger_moved(static_cast<float>(x), static_cast<float>(y));
}
EMSCRIPTEN_KEEPALIVE void page_finger_up(int is_tap) {
  page->pointer.finger_up(is_tap != 0);
}

EMSCRIPTEN_KEEPALIVE void page_http_head(int call, int status, const char* head_text) {
  guarded([&] {
    const Json head = parse_json(head_text).value_or_throw();
    page->platform.happened(
        HttpEvent(HttpHead{call, status, head.text("contentType"), head.text("requestId"), head.text("retryAfter")}));
    return 0;
  });
}
EMSCRIPTEN_KEEPALIVE void page_http_bytes(int call, const char* bytes, int length) {
  page->platform.happened(HttpEvent(HttpBytes{call, std::string(bytes, static_cast<std::size_t>(length))}));
}
EMSCRIPTEN_KEEPALIVE void page_http_end(int call, int is_complete, const char* failure) {
  page->platform.happened(HttpEvent(HttpEnd{call, is_complete != 0, failure}));
}
EMSCRIPTEN_KEEPALIVE void page_picture(int picture, int is_valid, int width, int height, int texture) {
  page->platform.happened(DecodedPicture{picture, is_valid != 0, width, height, static_cast<std::uintptr_t>(texture)});
}
EMSCRIPTEN_KEEPALIVE void page_file(const char* parameter, const char* name, const char* bytes, int length) {
  page->platform.happened(
      GivenFile{parameter, name, std::make_shared<const std::string>(bytes, static_cast<std::size_t>(length))});
}
EMSCRIPTEN_KEEPALIVE void page_field(const char* id, const char* text) {
  page->platform.happened(FieldChanged{id, text});
}
EMSCRIPTEN_KEEPALIVE void page_press(const char* id) {
  page->platform.happened(FieldPressed{id});
}
EMSCRIPTEN_KEEPALIVE void page_focus(const char* id) {
  page->platform.happened(FieldFocused{id});
}
EMSCRIPTEN_KEEPALIVE void page_key(const char* shortcut) {
  page->platform.happened(KeyPressed{shortcut});
}

}  // extern "C"
