#include "web/host_calls.h"

#include <cstdlib>
#include <map>
#include <utility>

namespace palimpsest {
namespace {

bool flag_of(const Json& json, const char* name) {
  const Json* member = json.find(name);
  return member != nullptr && member->is_bool() && *member->as_bool();
}

std::map<std::string, std::string> values_of(const Json& json) {
  std::map<std::string, std::string> values;
  const Json* member = json.find("values");
  if (member == nullptr || !member->is_object()) return values;
  for (const auto& [name, value] : *member->as_object()) {
    if (value.is_string()) values[name] = *value.as_string();
  }
  return values;
}

std::optional<std::uint32_t> color_of(const Json& json, const char* name) {
  const std::string text = json.text(name);
  if (text.size() != 7 || text[0] != '#') return std::nullopt;
  char* end = nullptr;
  const unsigned long value = std::strtoul(text.c_str() + 1, &end, 16);
  return *end == 0 ? std::optional(static_cast<std::uint32_t>(value)) : std::nullopt;
}

HostThemeGiven theme_of(const Json& call) {
  HostThemeGiven given{true, false, {}};
  const Json* theme = call.find("theme");
  if (theme == nullptr) return given;
  given.is_dark = flag_of(*theme, "isDark");
  given.has_reduced_motion = flag_of(*theme, "reducedMotion");
  given.theme.background = color_of(*theme, "background");
  given.theme.text = color_of(*theme, "text");
  given.theme.accent = color_of(*theme, "accent");
  double radius = -1;
  if (const Json* member = theme->find("radius"); member != nullptr && member->to_double(radius) && radius >= 0) {
    given.theme.radius = static_cast<float>(radius);
  }
  return given;
}

HostSettings settings_of(const Json& json, HostSettings settings) {
  settings.layout = json.text("layout") == "auto" ? "" : json.text("layout");
  settings.is_read_only = flag_of(json, "readonly");
  settings.controls.clear();
  const Json* controls = json.find("controls");
  if (controls == nullptr || !controls->is_array()) return settings;
  for (const Json& control : *controls->as_array()) {
    if (control.is_string()) settings.controls.insert(*control.as_string());
  }
  return settings;
}

std::optional<Mode> mode_of(const Json& json) {
  const std::string text = json.text("mode");
  if (text == "edit") return Mode::edit;
  return text == "generate" ? std::optional(Mode::generate) : std::nullopt;
}

Json problem(std::string sentence) {
  return Json(Json::Object{{"error", std::move(sentence)}});
}

Json state_json(const AppState& state) {
  Json values{Json::Object{}};
  for (const auto& [name, value] : state.form.values) values.set(name, value);
  Json json;
  json.set("mode", std::string(name_of(state.form.mode)));
  json.set("model", state.form.model);
  json.set("values", std::move(values));
  return json;
}

void set_state(App& app, const Json& call) {
  if (const auto mode = mode_of(call)) app.apply(Action(SetMode{*mode}));
  if (const std::string model = call.text("model"); !model.empty()) app.apply(Action(SetModel{model}));
  for (const auto& [name, value] : values_of(call)) app.apply(Action(SetValue{name, value}));
}

Json submit(App& app, const Json& call) {
  const int last = app.state().runs.empty() ? 0 : app.state().runs.back().id;
  app.apply(Action(Submit{values_of(call), flag_of(call, "approved")}));
  const AppState& state = app.state();
  if (!state.runs.empty() && state.runs.back().id != last) {
    return Json(Json::Object{{"run", static_cast<std::int64_t>(state.runs.back().id)}});
  }
  if (!state.parsed.problems.empty()) return problem(state.parsed.problems.front().error.message);
  if (state.connection.phase != Connection::Phase::connected) return problem("There is no connection to a server.");
  return problem("The page around did not let this run.");
}

void cancel(App& app, const Json& call) {
  std::int64_t wanted = 0;
  const Json* run = call.find("run");
  if (run != nullptr) run->to_int64(wanted);
  std::vector<int> runs;
  for (const Run& each : app.state().runs) {
    if (!each.is_over() && (run == nullptr || each.id == wanted)) runs.push_back(each.id);
  }
  for (const int id : runs) app.apply(Action(CancelRun{id}));
}

Json result_json(const AppState& state, const Json& call) {
  std::int64_t index = 0;
  if (const Json* member = call.find("index")) member->to_int64(index);
  const Run* run = state.run(state.shown_run);
  if (run == nullptr || index < 0 || static_cast<std::size_t>(index) >= run->results.size()) {
    return problem("There is no such picture on the stage.");
  }
  const RunResult& result = run->results[static_cast<std::size_t>(index)];
  Json json;
  json.set("run", static_cast<std::int64_t>(run->id));
  json.set("picture", static_cast<std::int64_t>(result.picture));
  json.set("mode", std::string(name_of(run->form.mode)));
  json.set("model", run->form.model);
  json.set("answered_by", run->answered_by);
  json.set("size", run->size);
  const auto prompt = run->form.values.find("prompt");
  json.set("prompt", prompt == run->form.values.end() ? "" : prompt->second);
  if (result.seed) json.set("seed", std::to_string(*result.seed));
  return json;
}

Json snippet_json(const AppState& state, const Json& call) {
  static const std::map<std::string, SnippetLanguage> languages = {{"curl", SnippetLanguage::curl},
                                                                   {"javascript", SnippetLanguage::javascript},
                                                                   {"python", SnippetLanguage::python}};
  const auto language = languages.find(call.text("language"));
  if (language == languages.end()) return problem("The language is curl, javascript or python.");
  if (!state.parsed.request) return problem(state.parsed.problems.front().error.message);
  SnippetOptions options;
  options.base_url = state.connection.base_url;
  options.needs_key = !state.connection.key.empty();
  return Json(Json::Object{{"code", snippet(*state.parsed.request, built_in_catalog(), language->second, options)}});
}

void take_credentials(App& app, const Json& call) {
  const Connection& connection = app.state().connection;
  const bool is_wanted = connection.is_key_wanted || connection.phase == Connection::Phase::connected;
  app.apply(Action(SetServer{connection.base_url, call.text("key")}));
  if (is_wanted) app.apply(Action(Connect{}));
}

}  // namespace

StartOptions start_options_from(const Json& json) {
  const HostThemeGiven theme = theme_of(json);
  StartOptions options;
  options.base_url = json.text("baseUrl");
  options.same_origin_url = json.text("sameOriginUrl");
  options.model = json.text("model");
  options.mode = mode_of(json);
  options.values = values_of(json);
  options.linked_url = json.text("linkedUrl");
  options.pairing_token = json.text("pairingToken");
  options.may_reach_loopback = flag_of(json, "mayReachLoopback");
  options.prefers_dark = theme.is_dark;
  options.has_reduced_motion = theme.has_reduced_motion;
  options.theme = theme.theme;
  options.host = settings_of(json, {});
  options.host.origin = json.text("origin");
  options.host.is_whole_page = flag_of(json, "isWholePage");
  return options;
}

Json answer_host(App& app, const Json& call) {
  const std::string name = call.text("call");
  Json done{Json::Object{}};
  if (name == "state") return state_json(app.state());
  if (name == "result") return result_json(app.state(), call);
  if (name == "snippet") return snippet_json(app.state(), call);
  if (name == "submit") return submit(app, call);
  if (name == "set_state") {
    set_state(app, call);
  } else if (name == "cancel") {
    cancel(app, call);
  } else if (name == "remove") {
    app.apply(Action(RemovePicture{call.text("parameter")}));
  } else if (name == "credentials") {
    take_credentials(app, call);
  } else if (name == "theme") {
    app.apply(Event(theme_of(call)));
  } else if (name == "configure") {
    app.apply(Event(HostSettingsGiven{settings_of(call, app.state().host)}));
    set_state(app, call);
  } else if (name == "fullscreen") {
    HostSettings settings = app.state().host;
    settings.is_fullscreen = flag_of(call, "on");
    app.apply(Event(HostSettingsGiven{settings}));
  } else {
    return problem("The playground knows no call named \"" + name + "\".");
  }
  return done;
}

}  // namespace palimpsest
