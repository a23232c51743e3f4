#include "web/host_observer.h"

#include <algorithm>
#include <cmath>

#include "web/panels/words.h"

namespace palimpsest {
namespace {

/// The run that data-state and data-progress speak of: the oldest unfinished one, else the last.
const Run* current(const AppState& state) {
  for (const Run& run : state.runs) {
    if (!run.is_over()) return &run;
  }
  return state.runs.empty() ? nullptr : &state.runs.back();
}

Json about(const Run& run) {
  Json json;
  json.set("run", static_cast<std::int64_t>(run.id));
  return json;
}

Json progress_detail(const Run& run) {
  Json json = about(run);
  json.set("job", run.job);
  json.set("step", run.step);
  json.set("steps", run.steps);
  if (run.left_ms) json.set("left_ms", *run.left_ms);
  return json;
}

Json result_detail(const Run& run, std::size_t index) {
  const RunResult& result = run.results[index];
  Json json = about(run);
  json.set("index", static_cast<std::int64_t>(index));
  json.set("picture", static_cast<std::int64_t>(result.picture));
  if (result.seed) json.set("seed", std::to_string(*result.seed));
  json.set("answered_by", run.answered_by);
  json.set("size", run.size);
  return json;
}

Json error_detail(const Run& run) {
  Json json = about(run);
  json.set("message", run.error->message);
  json.set("code", run.error->code);
  json.set("status", static_cast<std::int64_t>(run.error->http_status));
  return json;
}

Json form_detail(const Form& form) {
  Json values{Json::Object{}};
  for (const auto& [name, value] : form.values) values.set(name, value);
  Json json;
  json.set("mode", std::string(name_of(form.mode)));
  json.set("model", form.model);
  json.set("values", std::move(values));
  return json;
}

Json connect_detail(const AppState& state) {
  Json::Array ids;
  for (const ModelEntry& model : state.connection.models) ids.emplace_back(model.id);
  Json json;
  json.set("base_url", state.connection.base_url);
  json.set("models", Json(std::move(ids)));
  return json;
}

bool is_same(const Form& a, const Form& b) {
  return a.mode == b.mode && a.model == b.model && a.values == b.values && a.pictures == b.pictures;
}

}  // namespace

std::string state_name(const AppState& state) {
  const Run* run = current(state);
  if (run != nullptr && !run->is_over()) {
    return run->phase == Run::Phase::waiting || run->step == 0 ? "queued" : "running";
  }
  if (state.connection.phase != Connection::Phase::connected) return "connect";
  if (run == nullptr) return "idle";
  return run->phase == Run::Phase::done ? "done" : run->phase == Run::Phase::failed ? "error" : "cancelled";
}

void HostObserver::tell_run(const AppState& state, const Run& run, Told& told) {
  const bool is_new = runs_.count(run.id) == 0;
  Seen& seen = runs_[run.id];
  if (is_new) told.emplace_back("queue", about(run));
  if (run.step != seen.step && run.steps > 0) told.emplace_back("progress", progress_detail(run));
  const Picture* preview = state.picture(run.preview);
  if (preview != nullptr && preview->bytes != seen.preview_bytes && preview->status == Picture::Status::ready) {
    Json detail = progress_detail(run);
    detail.set("picture", static_cast<std::int64_t>(run.preview));
    told.emplace_back("partial", std::move(detail));
    seen.preview_bytes = preview->bytes;
  }
  seen.step = run.step;
  if (run.phase == seen.phase) return;
  seen.phase = run.phase;
  if (run.phase == Run::Phase::done) {
    for (std::size_t i = 0; i < run.results.size(); ++i) {
      Json detail = result_detail(run, i);
      detail.set("more", i + 1 < run.results.size());
      told.emplace_back("result", std::move(detail));
    }
  }
  if (run.phase == Run::Phase::failed) told.emplace_back("error", error_detail(run));
  if (run.phase == Run::Phase::cancelled) told.emplace_back("cancel", about(run));
}

HostObserver::Told HostObserver::changes(const AppState& state, const std::string& layout, bool has_dialog) {
  Told told;
  if (state.connection.phase != connection_) {
    connection_ = state.connection.phase;
    if (connection_ == Connection::Phase::connected) told.emplace_back("connect", connect_detail(state));
  }
  if (!is_same(state.form, form_)) {
    form_ = state.form;
    if (has_form_) told.emplace_back("change", form_detail(form_));
    has_form_ = true;
  }
  for (const Run& run : state.runs) tell_run(state, run, told);
  const Run* run = current(state);
  if (run != nullptr && run->id != progress_of_) progress_ = 0;
  progress_of_ = run == nullptr ? 0 : run->id;
  if (run != nullptr) progress_ = std::max(progress_, std::floor(std::max(0.0, progress_of(*run)) * 100) / 100);
  Json now;
  now.set("state", state_name(state));
  now.set("progress", progress_);
  now.set("layout", layout);
  now.set("modal", has_dialog);
  if (!(now == state_)) told.emplace_back("state", state_ = now);
  return told;
}

}  // namespace palimpsest
