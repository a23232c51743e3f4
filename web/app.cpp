// App: start, the platform's events, and what follows from a change of the form. Actions are in app_actions.cpp, events
// of the server in app_events.cpp.
#include "web/app.h"

#include <algorithm>
#include <set>
#include <utility>

namespace palimpsest {
namespace {

/// What the page adds to every request: previews as the picture forms.
constexpr const char* kPreviews = "3";

std::vector<FormField> fields_of(const Form& form, const AppState& state) {
  std::vector<FormField> fields = {{"model", form.model}, {"stream", "true"}, {"partial_images", kPreviews}};
  for (const auto& [name, value] : form.values) fields.push_back({name, value});
  for (const auto& [name, id] : form.pictures) {
    const Picture* picture = state.picture(id);
    const bool is_sent = form.mode == Mode::edit && picture != nullptr && picture->bytes != nullptr;
    if (is_sent) fields.push_back({name, *picture->bytes, true, picture->file_name});
  }
  return fields;
}

/// Values of parameters that the mode does not have stay in the form and are not sent.
Form for_mode(const Form& form, const std::vector<Parameter>& parameters) {
  Form kept = form;
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_for(form.mode)) kept.values.erase(parameter.name);
  }
  return kept;
}

std::string provider_of(const AppState& state) {
  for (const ModelEntry& model : state.connection.models) {
    if (model.id == state.form.model) return model.answered_by.substr(0, model.answered_by.find(" / "));
  }
  return "";
}

}  // namespace

void App::start(const StartOptions& options) {
  state_.parameters = built_in_catalog().parameters();
  state_.groups = built_in_catalog().groups();
  state_.form.model = options.model.empty() ? built_in_catalog().default_model() : options.model;
  state_.form.mode = options.mode.value_or(Mode::generate);
  state_.form.values = options.values;
  state_.host = options.host;
  state_.host_theme = options.theme;
  prefers_dark_ = options.prefers_dark;
  state_.has_reduced_motion = options.has_reduced_motion;
  const std::string theme = platform_.stored("theme");
  state_.theme_choice = theme == "dark"    ? ThemeChoice::dark
                        : theme == "light" ? ThemeChoice::light
                                           : ThemeChoice::automatic;
  theme_changed();
  form_changed();
  choose_server(options);
}

void App::apply(const Action& action) {
  std::visit([this](const auto& each) { on(each); }, action);
}

void App::apply(const Event& event) {
  std::visit([this](const auto& each) { on(each); }, event);
}

bool App::pump(std::vector<PlatformEvent>& field_events) {
  state_.now_s = platform_.now_s();
  std::vector<PlatformEvent> happened = platform_.take_events();
  for (PlatformEvent& each : happened) {
    std::vector<Event> events;
    if (const auto* http = std::get_if<HttpEvent>(&each)) {
      client_.read(*http, events);
    } else if (const auto* decoded = std::get_if<DecodedPicture>(&each)) {
      events.push_back(decoded->is_valid ? Event(PictureDecoded{
                                               decoded->picture, {decoded->width, decoded->height}, decoded->texture})
                                         : Event(PictureRefused{decoded->picture}));
    } else if (auto* file = std::get_if<GivenFile>(&each)) {
      events.push_back(FileGiven{file->parameter, file->name, file->bytes});
    } else if (const auto* key = std::get_if<KeyPressed>(&each)) {
      events.push_back(ShortcutPressed{key->shortcut});
    } else {
      field_events.push_back(std::move(each));
    }
    for (const Event& event : events) apply(event);
  }
  retry_connection();
  // Elapsed time is shown while something runs.
  if (state_.unfinished_runs() > 0) platform_.wake_in(0.5);
  return !happened.empty();
}

ParsedRequest App::parse(const Form& whole) const {
  const Form form = for_mode(whole, state_.parameters);
  ParseOptions options;
  for (const ModelEntry& model : state_.connection.models) {
    if (model.id.rfind("local/", 0) == 0) options.local_models.push_back(model.id);
  }
  return parse_form_request(fields_of(form, state_), form.mode, built_in_catalog(), options);
}

void App::form_changed() {
  state_.form_groups = build_form(state_.parameters, state_.groups, state_.form.mode, provider_of(state_));
  state_.parsed = parse(state_.form);
  if (state_.parsed.problems.empty()) state_.shows_all_problems = false;
  code_changed();
}

void App::code_changed() {
  if (!state_.parsed.request) {
    state_.code.clear();
    return;
  }
  SnippetOptions options;
  options.base_url = state_.connection.base_url;
  options.needs_key = !state_.connection.key.empty();
  state_.code = snippet(*state_.parsed.request, built_in_catalog(), state_.code_language, options);
}

void App::theme_changed() {
  const bool is_dark =
      state_.theme_choice == ThemeChoice::automatic ? prefers_dark_ : state_.theme_choice == ThemeChoice::dark;
  state_.theme = is_dark ? Theme::dark : Theme::light;
}

void App::on(const HostThemeGiven& event) {
  prefers_dark_ = event.is_dark;
  state_.has_reduced_motion = event.has_reduced_motion;
  state_.host_theme = event.theme;
  theme_changed();
}

void App::on(const HostSettingsGiven& event) {
  const bool is_fullscreen = state_.host.is_fullscreen;
  state_.host = event.host;
  state_.host.is_fullscreen = is_fullscreen;
}

/// Whether the page around lets the form be run; it may change values for this run.
bool App::host_approves(std::map<std::string, std::string>& values) {
  Json sent{Json::Object{}};
  for (const auto& [name, value] : state_.form.values) sent.set(name, value);
  for (const auto& [name, value] : values) sent.set(name, value);
  Json question;
  question.set("mode", std::string(name_of(state_.form.mode)));
  question.set("model", state_.form.model);
  question.set("values", sent);
  const Result<Json> answer = parse_json(platform_.ask_host("submit", question.dump()));
  if (!answer) return true;  // the page's answer is JSON of embed/browser.js; a broken one is no veto
  const Json* proceed = answer->find("proceed");
  const Json* changed = answer->find("values");
  if (proceed == nullptr || proceed->as_bool() == nullptr || !*proceed->as_bool()) return false;
  if (changed == nullptr || !changed->is_object()) return true;
  for (const auto& [name, value] : *changed->as_object()) {
    if (value.is_string() && !(sent.find(name) != nullptr && *sent.find(name) == value))
      values[name] = *value.as_string();
  }
  return true;
}

/// The cursor goes into a field.
void App::focus(const std::string& field) {
  state_.focused_field = field;
  ++state_.focus_count;
}

Run* App::find_run(int id) {
  return const_cast<Run*>(std::as_const(state_).run(id));
}

PictureId App::add_picture(std::shared_ptr<const std::string> bytes, std::string file_name) {
  const PictureId id = ++last_picture_;
  Picture& picture = state_.pictures[id];
  picture.bytes = std::move(bytes);
  picture.file_name = std::move(file_name);
  if (picture.bytes != nullptr) platform_.decode_picture(id, picture.bytes);
  return id;
}

void App::drop_pictures_not_used() {
  std::set<PictureId> used;
  for (const auto& [name, id] : state_.form.pictures) used.insert(id);
  for (const Run& run : state_.runs) {
    used.insert(run.preview);
    for (const auto& [name, id] : run.form.pictures) used.insert(id);
    for (const RunResult& result : run.results) used.insert(result.picture);
  }
  for (auto picture = state_.pictures.begin(); picture != state_.pictures.end();) {
    if (used.count(picture->first)) {
      ++picture;
      continue;
    }
    platform_.release_picture(picture->first);
    picture = state_.pictures.erase(picture);
  }
}

}  // namespace palimpsest
