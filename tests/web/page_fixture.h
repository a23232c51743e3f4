// A page without a browser: the app on the null platform, drawn by ImGui into nothing.
#pragma once

#include <doctest/doctest.h>
#include <imgui.h>

#include <string>
#include <utility>
#include <vector>

#include "shared/image/base64.h"
#include "web/app.h"
#include "web/panels/ui.h"
#include "web/platform/platform_null.h"
#include "web/platform/pointer_input.h"

namespace palimpsest::testing {

/// The bytes of a PNG as far as requests look at them.
inline std::string png_bytes() {
  return "\x89PNG\r\n\x1a\npixels";
}

/// A page that comes from the server it uses.
inline StartOptions served_page(const std::string& server = "http://127.0.0.1:7801/v1") {
  StartOptions options;
  options.same_origin_url = server;
  options.host.is_whole_page = true;
  return options;
}

struct PageFixture {
  NullPlatform platform;
  App app{platform};
  PointerInput pointer;
  Fonts fonts;
  ImVec2 size = {1440, 900};
  std::vector<Field> fields;
  Actions actions;
  ImGuiContext* context = ImGui::CreateContext();

  PageFixture() {
    ImGui::SetCurrentContext(context);
    ImGui::GetIO().IniFilename = nullptr;
    unsigned char* pixels = nullptr;
    int width = 0, height = 0;
    ImGui::GetIO().Fonts->GetTexDataAsAlpha8(&pixels, &width, &height);
    fonts.body = fonts.small = fonts.heading = ImGui::GetIO().Fonts->Fonts[0];
    apply_style(palette_of(Theme::dark));
  }
  ~PageFixture() { ImGui::DestroyContext(context); }
  PageFixture(const PageFixture&) = delete;

  /// One frame; true where input is left for the next.
  bool frame() {
    ImGui::SetCurrentContext(context);
    std::vector<PlatformEvent> field_events;
    app.pump(field_events);
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = size;
    io.DeltaTime = 1.0F / 60;
    const bool has_more = pointer.apply(io);
    ImGui::NewFrame();
    Ui ui(app.state(), fonts, nullptr);
    ui.take(field_events);
    draw_page(ui);
    ImGui::Render();
    fields = ui.fields;
    actions = ui.actions;
    pointer.set_drag_areas(std::move(ui.drag_areas));
    for (const Action& action : actions) app.apply(action);
    return has_more;
  }

  void settle() {
    for (int i = 0; i < 4; ++i) frame();
  }

  const Field* field(const std::string& id) const {
    for (const Field& each : fields) {
      if (each.id == id) return &each;
    }
    return nullptr;
  }

  /// Press and release in one go, as a test driver or a tap does.
  void click(const std::string& id) {
    const Field* target = field(id);
    CAPTURE(id);
    REQUIRE(target != nullptr);
    pointer.mouse_moved(target->x + target->width / 2, target->y + target->height / 2);
    pointer.mouse_pressed(true);
    pointer.mouse_pressed(false);
    settle();
  }

  void type(const std::string& id, const std::string& text) {
    platform.events.push_back(FieldChanged{id, text});
    settle();
  }

  /// The whole answer to the call made last.
  void answer(int status, const std::string& content_type, const std::string& body) {
    REQUIRE_FALSE(platform.calls.empty());
    const int call = platform.calls.back().call;
    platform.events.push_back(HttpEvent(HttpHead{call, status, content_type, "", ""}));
    platform.events.push_back(HttpEvent(HttpBytes{call, body}));
    platform.events.push_back(HttpEvent(HttpEnd{call, true}));
    settle();
  }

  /// A page connected to a server with one model and no schema.
  void connect() {
    app.start(served_page());
    settle();
    answer(200, "application/json",
           R"({"object": "list", "data": [{"id": "flux.1-kontext-max", "name": "Max",
               "served_by": {"provider": "local", "checkpoint": "nano"}}]})");
    answer(404, "application/json", R"({"error": {"message": "no schemas here"}})");
  }

  void give_picture(const std::string& parameter = "") {
    platform.events.push_back(GivenFile{parameter, "house.png", std::make_shared<const std::string>(png_bytes())});
    settle();
    decode(64, 48);
  }

  void decode(int width, int height) {
    REQUIRE_FALSE(platform.decoding.empty());
    platform.events.push_back(DecodedPicture{platform.decoding.back(), true, width, height, 7});
    settle();
  }
};

inline std::string sse(const std::string& name, const std::string& json) {
  return "event: " + name + "\ndata: " + json + "\n\n";
}

inline std::string completed(const std::string& family, const std::string& members = "") {
  return sse(family + ".completed", R"({"type": ")" + family + R"(.completed", "b64_json": ")" +
                                        encode_base64(png_bytes()) + R"(", "seed_string": "18446744073709551615")" +
                                        members + "}");
}

}  // namespace palimpsest::testing
