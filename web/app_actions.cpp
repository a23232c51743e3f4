// What each action does to the state.
#include <algorithm>
#include <utility>

#include "shared/image/media_type.h"
#include "web/app.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxRunsKept = 40;

std::string extension_of(std::string_view media_type) {
  const std::string_view kind = media_type.substr(std::min(media_type.find('/'), media_type.size() - 1) + 1);
  return kind == "jpeg" ? "jpg" : std::string(kind);
}

std::string result_name(const Run& run, std::size_t result, const std::string& bytes) {
  const std::string_view type = sniff_media_type(bytes);
  std::string name = "palimpsest-" + std::to_string(run.id);
  if (run.results.size() > 1) name += "-" + std::to_string(result + 1);
  return name + "." + (type.empty() ? "png" : extension_of(type));
}

}  // namespace

void App::on(const SetMode& action) {
  if (state_.host.is_read_only) return;
  state_.form.mode = action.mode;
  state_.shows_all_problems = false;
  form_changed();
}

void App::on(const SetModel& action) {
  if (state_.host.is_read_only) return;
  state_.form.model = action.model;
  form_changed();
  if (state_.connection.phase == Connection::Phase::connected) client_.read_schema(action.model);
}

void App::on(const SetValue& action) {
  if (state_.host.is_read_only) return;
  if (action.value.empty()) {
    state_.form.values.erase(action.parameter);
  } else {
    state_.form.values[action.parameter] = action.value;
  }
  form_changed();
}

void App::on(const BrowsePicture& action) {
  platform_.browse_file(action.parameter);
}

void App::on(const RemovePicture& action) {
  state_.form.pictures.erase(action.parameter);
  drop_pictures_not_used();
  form_changed();
}

void App::on(const Submit& action) {
  std::map<std::string, std::string> values = action.values;
  if (!action.is_approved && !host_approves(values)) return;
  Form form = state_.form;
  for (const auto& [name, value] : values) form.values[name] = value;
  const ParsedRequest parsed = values.empty() ? state_.parsed : parse(form);
  if (!parsed.request) {
    state_.shows_all_problems = true;
    return;
  }
  if (state_.connection.phase != Connection::Phase::connected) {
    state_.shows_connection = true;
    state_.notice = "Choose a server first: it makes the pictures.";
    return;
  }
  Run run;
  state_.notice.clear();
  run.id = ++last_run_;
  run.form = std::move(form);
  run.request = *parsed.request;
  run.warnings = parsed.warnings;
  state_.runs.push_back(std::move(run));
  if (state_.unfinished_runs() == 1) {
    state_.shown_run = last_run_;
    state_.shown_result = 0;
    state_.view = StageView{};
  }
  if (state_.runs.size() > kMaxRunsKept) {
    const auto oldest =
        std::find_if(state_.runs.begin(), state_.runs.end(), [](const Run& each) { return each.is_over(); });
    if (oldest != state_.runs.end()) state_.runs.erase(oldest);
    drop_pictures_not_used();
  }
  send_waiting_runs();
}

void App::on(const CancelRun& action) {
  Run* run = find_run(action.run);
  if (run == nullptr || run->is_over()) return;
  if (run->is_sent) client_.cancel(run->id, run->job);
  finish(*run, Run::Phase::cancelled);
}

void App::on(const ForgetRun& action) {
  on(CancelRun{action.run});
  state_.runs.erase(
      std::remove_if(state_.runs.begin(), state_.runs.end(), [&](const Run& run) { return run.id == action.run; }),
      state_.runs.end());
  if (state_.shown_run == action.run) state_.shown_run = state_.runs.empty() ? 0 : state_.runs.back().id;
  state_.shown_result = 0;
  drop_pictures_not_used();
}

void App::on(const ShowResult& action) {
  state_.shown_run = action.run;
  state_.shown_result = action.result;
  state_.view.zoom = 0;
}

void App::on(const UseAsInput& action) {
  const Run* run = state_.run(action.run);
  if (run == nullptr || action.result >= run->results.size()) return;
  const PictureId id = run->results[action.result].picture;
  Picture& picture = state_.pictures[id];
  if (picture.bytes == nullptr) return;
  if (picture.file_name.empty()) picture.file_name = result_name(*run, action.result, *picture.bytes);
  state_.form.pictures["image"] = id;
  state_.form.mode = Mode::edit;
  state_.form.values.erase("prompt");
  state_.notice = "The result is now the picture to edit. Say what should change.";
  form_changed();
}

void App::on(const UseSettings& action) {
  const Run* run = state_.run(action.run);
  if (run == nullptr) return;
  state_.form = run->form;
  if (action.result < run->results.size() && run->results[action.result].seed) {
    state_.form.values["seed"] = std::to_string(*run->results[action.result].seed);
  }
  state_.notice = "The settings of that picture are in the form.";
  form_changed();
}

void App::on(const SavePicture& action) {
  const Run* run = state_.run(action.run);
  if (run == nullptr || action.result >= run->results.size()) return;
  const Picture* picture = state_.picture(run->results[action.result].picture);
  if (picture == nullptr || picture->bytes == nullptr) return;
  platform_.save_file(result_name(*run, action.result, *picture->bytes), sniff_media_type(*picture->bytes),
                      *picture->bytes);
}

void App::on(const SetView& action) {
  state_.view = action.view;
}

void App::on(const ToggleSide&) {
  state_.shows_side = !state_.shows_side;
}

void App::on(const SetSideTab& action) {
  state_.side_tab = action.tab;
}

void App::on(const SetCodeLanguage& action) {
  state_.code_language = action.language;
  code_changed();
}

void App::on(const CopyCode&) {
  platform_.copy_text(state_.code);
  state_.notice = "The code is on the clipboard.";
}

void App::on(const CopyText& action) {
  platform_.copy_text(action.text);
  state_.notice = action.notice;
}

void App::on(const SetThemeChoice& action) {
  state_.theme_choice = action.choice;
  platform_.store("theme", action.choice == ThemeChoice::automatic ? ""
                           : action.choice == ThemeChoice::dark    ? "dark"
                                                                   : "light");
  theme_changed();
}

void App::on(const ToggleFullscreen&) {
  platform_.toggle_fullscreen();
}

void App::on(const DismissNotice&) {
  state_.notice.clear();
}

}  // namespace palimpsest
