// What each event does to the state.
#include <algorithm>
#include <utility>

#include "shared/image/base64.h"
#include "web/app.h"

namespace palimpsest {
namespace {

// A browser opens six connections to one host at most; some stay free for the models and for cancelling.
constexpr int kMaxRunsSent = 3;
constexpr std::size_t kMaxPictureBytes = std::size_t{96} << 20;

}  // namespace

void App::on(const FileGiven& event) {
  const std::string parameter = event.parameter.empty() ? "image" : event.parameter;
  state_.form.mode = Mode::edit;
  state_.form.pictures[parameter] = add_picture(event.bytes, event.file_name);
  state_.notice.clear();
  drop_pictures_not_used();
  form_changed();
}

void App::on(const PictureDecoded& event) {
  const auto found = state_.pictures.find(event.picture);
  if (found == state_.pictures.end()) return;
  found->second.status = Picture::Status::ready;
  found->second.size = event.size;
  found->second.texture = event.texture;
  // A preview stays on the stage until the picture that it announced can be drawn.
  for (Run& run : state_.runs) {
    const bool is_result = std::any_of(run.results.begin(), run.results.end(),
                                       [&](const RunResult& result) { return result.picture == event.picture; });
    if (is_result) run.preview = 0;
  }
  drop_pictures_not_used();
}

void App::on(const PictureRefused& event) {
  const auto found = state_.pictures.find(event.picture);
  if (found == state_.pictures.end()) return;
  found->second.status = Picture::Status::refused;
  found->second.problem = "This file is no picture that the browser can read.";
  auto& given = state_.form.pictures;
  for (auto slot = given.begin(); slot != given.end();) {
    if (slot->second != event.picture) {
      ++slot;
      continue;
    }
    state_.notice = found->second.file_name + " is no picture that the browser can read.";
    slot = given.erase(slot);
  }
  form_changed();
}

void App::on(const SchemaRead& event) {
  if (event.model != state_.form.model) return;
  state_.parameters = event.parameters;
  if (!event.groups.empty()) state_.groups = event.groups;
  form_changed();
}

void App::on(const RunTold& event) {
  Run* run = find_run(event.run);
  if (run == nullptr || run->is_over()) return;
  const ImageEvent& told = event.event;
  if (!told.job.empty()) run->job = told.job;
  if (told.kind == ImageEvent::Kind::failed) {
    return on(
        RunFailed{run->id, told.error.value_or(Error{"upstream_invalid", "The server reported a failure.", "", 502})});
  }
  if (told.kind == ImageEvent::Kind::progress) {
    run->queue_position = told.queue_position;
    run->left_ms = told.eta_ms;
    run->step = std::max(run->step, told.step);
    run->steps = told.steps;
    return;
  }
  if (!told.size.empty()) run->size = told.size;
  if (told.kind == ImageEvent::Kind::completed) return add_result(*run, told.picture);
  if (const Result<std::string> bytes = decode_base64(told.picture.b64_json, kMaxPictureBytes))
    set_preview(*run, *bytes);
}

void App::on(const RunAnswered& event) {
  Run* run = find_run(event.run);
  if (run == nullptr || run->is_over()) return;
  for (const PictureResult& picture : event.result.pictures) add_result(*run, picture);
  run->size = event.result.size;
  const std::string& checkpoint = event.result.checkpoint;
  on(RunDescribed{run->id, event.result.provider + (checkpoint.empty() ? "" : " / " + checkpoint),
                  event.result.size_plan, event.result.warnings});
  on(RunClosed{run->id});
}

void App::on(const RunDescribed& event) {
  Run* run = find_run(event.run);
  if (run == nullptr) return;
  run->answered_by = event.answered_by;
  if (!event.size_plan.empty()) run->size_plan = event.size_plan;
  if (!event.warnings.empty()) run->warnings = event.warnings;
}

void App::on(const RunClosed& event) {
  Run* run = find_run(event.run);
  if (run == nullptr || run->is_over()) return;
  if (run->results.empty()) {
    return on(RunFailed{run->id,
                        {"connection_failed", "The server closed the stream before any picture was done.", "", 502}});
  }
  finish(*run, Run::Phase::done);
}

void App::on(const RunFailed& event) {
  Run* run = find_run(event.run);
  if (run == nullptr || run->is_over()) return;
  run->error = event.error;
  if (event.error.http_status == 401) want_key();
  client_.cancel(run->id, "");
  finish(*run, Run::Phase::failed);
}

void App::on(const PictureFetched& event) {
  const auto found = state_.pictures.find(event.picture);
  if (found == state_.pictures.end()) return;
  if (event.bytes == nullptr) {
    found->second.status = Picture::Status::refused;
    found->second.problem = "The picture could not be fetched from the link in the answer.";
    return;
  }
  found->second.bytes = event.bytes;
  platform_.decode_picture(event.picture, event.bytes);
}

void App::on(const ShortcutPressed& event) {
  const Run* run = state_.run(state_.shown_run);
  if (event.name == "run") return on(Submit{});
  if (run == nullptr) return;
  if (event.name == "cancel") on(CancelRun{run->id});
  if (event.name == "use_as_input") on(UseAsInput{run->id, state_.shown_result});
  if (event.name == "fit") state_.view.zoom = 0;
  if (event.name == "actual_size") state_.view.zoom = 1;
}

void App::add_result(Run& run, const PictureResult& result) {
  RunResult kept{0, result.seed, result.revised_prompt};
  if (!result.b64_json.empty()) {
    Result<std::string> bytes = decode_base64(result.b64_json, kMaxPictureBytes);
    if (!bytes) return on(RunFailed{run.id, bytes.error()});
    kept.picture = add_picture(std::make_shared<const std::string>(*std::move(bytes)), "");
  } else {
    kept.picture = add_picture(nullptr, "");
    client_.fetch_picture(kept.picture, result.url);
  }
  run.results.push_back(std::move(kept));
}

void App::set_preview(Run& run, const std::string& bytes) {
  // One texture for all previews: the last one stays until the next is decoded.
  if (run.preview == 0) {
    run.preview = add_picture(std::make_shared<const std::string>(bytes), "");
    return;
  }
  Picture& picture = state_.pictures[run.preview];
  picture.bytes = std::make_shared<const std::string>(bytes);
  platform_.decode_picture(run.preview, picture.bytes);
}

void App::finish(Run& run, Run::Phase phase) {
  run.phase = phase;
  run.finished_s = platform_.now_s();
  if (phase == Run::Phase::done) {
    // A picture that is done comes to the stage unless another one is looked at.
    const Run* shown = state_.run(state_.shown_run);
    if (shown == nullptr || shown->id + 1 == run.id || shown->results.empty()) {
      state_.shown_run = run.id;
      state_.shown_result = 0;
    }
  }
  send_waiting_runs();
}

void App::send_waiting_runs() {
  auto count = std::count_if(state_.runs.begin(), state_.runs.end(),
                             [](const Run& run) { return run.phase == Run::Phase::running; });
  for (Run& run : state_.runs) {
    if (count >= kMaxRunsSent || run.phase != Run::Phase::waiting) continue;
    run.phase = Run::Phase::running;
    run.is_sent = true;
    run.started_s = platform_.now_s();
    client_.submit(run.id, run.request);
    ++count;
  }
  const int unfinished = state_.unfinished_runs();
  platform_.set_title(unfinished == 0 ? "Palimpsest" : "(" + std::to_string(unfinished) + ") Palimpsest");
}

}  // namespace palimpsest
