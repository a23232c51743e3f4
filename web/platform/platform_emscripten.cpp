#include "web/platform/platform_emscripten.h"

#include <emscripten.h>

#include <cstdlib>
#include <utility>

#include "shared/base/json.h"
#include "web/platform/browser_calls.h"

namespace palimpsest {
namespace {

const char* name_of(Field::Kind kind) {
  switch (kind) {
    case Field::Kind::line:
      return "line";
    case Field::Kind::password:
      return "password";
    case Field::Kind::paragraph:
      return "paragraph";
    case Field::Kind::readout:
      return "readout";
    case Field::Kind::choice:
      return "choice";
    case Field::Kind::slider:
      return "slider";
    case Field::Kind::button:
      return "button";
    case Field::Kind::picture:
      return "picture";
    case Field::Kind::progress:
      return "progress";
    case Field::Kind::status:
      break;
  }
  return "status";
}

Json field_json(const Field& field) {
  Json json;
  json.set("id", field.id);
  json.set("kind", name_of(field.kind));
  const std::pair<const char*, float> lengths[] = {{"x", field.x},
                                                   {"y", field.y},
                                                   {"width", field.width},
                                                   {"height", field.height},
                                                   {"clipTop", field.clip_top},
                                                   {"clipBottom", field.clip_bottom}};
  for (const auto& [name, length] : lengths) json.set(name, static_cast<double>(length));
  json.set("minimum", field.minimum);
  json.set("maximum", field.maximum);
  json.set("step", field.step);
  json.set("label", field.label);
  json.set("text", field.text);
  json.set("placeholder", field.placeholder);
  json.set("hint", field.hint);
  json.set("enabled", field.is_enabled);
  json.set("wrong", field.is_wrong);
  json.set("mono", field.is_mono);
  json.set("covered", field.is_covered);
  json.set("dialog", field.dialog);
  json.set("onEnter", field.on_enter);
  json.set("focus", static_cast<std::int64_t>(field.focus));
  Json::Array options;
  for (const auto& [value, shown] : field.options) options.push_back(Json::Array{value, shown});
  json.set("options", std::move(options));
  return json;
}

/// A text that JavaScript allocated.
std::string taken(char* text) {
  std::string copy = text;
  std::free(text);
  return copy;
}

int length_of(const std::string& bytes) {
  return static_cast<int>(bytes.size());
}

}  // namespace

EmscriptenPlatform::EmscriptenPlatform() {
  browser_attach();
}

void EmscriptenPlatform::send(HttpCall call) {
  Json headers{Json::Object{}};
  for (const auto& [name, value] : call.headers) headers.set(name, value);
  const Json description{Json::Object{{"method", call.method}, {"url", call.url}, {"headers", std::move(headers)}}};
  const bool has_body = !call.body.empty();
  browser_send(call.call, description.dump().c_str(), call.body.data(), has_body ? length_of(call.body) : -1);
}

void EmscriptenPlatform::abort(int call) {
  browser_abort(call);
}

void EmscriptenPlatform::decode_picture(int picture, std::shared_ptr<const std::string> bytes) {
  browser_decode(picture, bytes->data(), length_of(*bytes));
}

void EmscriptenPlatform::release_picture(int picture) {
  browser_release(picture);
}

void EmscriptenPlatform::browse_file(const std::string& parameter) {
  browser_browse(parameter.c_str());
}

void EmscriptenPlatform::save_file(const std::string& name, std::string_view media_type, const std::string& bytes) {
  browser_save(name.c_str(), std::string(media_type).c_str(), bytes.data(), length_of(bytes));
}

void EmscriptenPlatform::copy_text(const std::string& text) {
  browser_copy(text.c_str());
}

void EmscriptenPlatform::store(const std::string& key, const std::string& text) {
  browser_store(key.c_str(), text.c_str());
}

std::string EmscriptenPlatform::stored(const std::string& key) {
  return taken(browser_stored(key.c_str()));
}

void EmscriptenPlatform::place_fields(const std::vector<Field>& fields) {
  if (fields == placed_) return;
  placed_ = fields;
  Json::Array all;
  for (const Field& field : fields) all.push_back(field_json(field));
  browser_place(Json(std::move(all)).dump().c_str());
}

void EmscriptenPlatform::set_title(const std::string& title) {
  browser_title(title.c_str());
}

void EmscriptenPlatform::set_colors(const std::string& colors) {
  browser_colors(colors.c_str());
}

void EmscriptenPlatform::toggle_fullscreen() {
  browser_fullscreen();
}

void EmscriptenPlatform::tell_host(const std::string& name, const std::string& detail) {
  browser_tell(name.c_str(), detail.c_str());
}

std::string EmscriptenPlatform::ask_host(const std::string& name, const std::string& detail) {
  return taken(browser_ask(name.c_str(), detail.c_str()));
}

void EmscriptenPlatform::call_attention(const std::string& text, bool with_sound, bool with_notification) {
  browser_attention(text.c_str(), with_sound, with_notification);
}

void EmscriptenPlatform::wake_in(double seconds) {
  browser_wake(seconds);
}

double EmscriptenPlatform::now_s() {
  return emscripten_get_now() / 1000;
}

std::vector<PlatformEvent> EmscriptenPlatform::take_events() {
  return std::exchange(events_, {});
}

void EmscriptenPlatform::show_failure(const std::string& message) {
  browser_fail(message.c_str());
}

}  // namespace palimpsest
