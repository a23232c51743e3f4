// GET and DELETE /v1/jobs/{id}, GET /v1/jobs/{id}/events.
#include <charconv>
#include <cmath>
#include <utility>

#include "native/imaging/encode.h"
#include "native/server/job_follower.h"
#include "native/server/picture_answer.h"
#include "native/server/routes.h"
#include "native/storage/job_events.h"
#include "shared/api/job.h"
#include "shared/api/size.h"
#include "shared/image/base64.h"

namespace palimpsest {
namespace {

std::optional<std::int64_t> seconds_of(const std::optional<UnixMillis>& time) {
  return time ? std::optional(*time / 1000) : std::nullopt;
}

/// Polls are frequent: a job's answer has pictures as links unless the request asked for nothing but their bytes.
ResponseFormat format_in_job(const GenerationRequest& request) {
  return request.response_format == ResponseFormat::b64_json ? ResponseFormat::b64_json : ResponseFormat::url;
}

Json result_of(AppState& app, const ReadJob& read, const std::string& base) {
  return to_json(images_result(app, read, base, format_in_job(read.job.request)));
}

void read_progress(const std::optional<std::string>& text, Job& job) {
  const Result<Json> progress = parse_json(text.value_or("{}"));
  if (!progress) return;
  if (const Json* step = progress->find("step")) step->to_int64(job.step);
  if (const Json* steps = progress->find("steps")) steps->to_int64(job.steps);
}

Job wire_job(AppState& app, const JobStatus& status, const std::string& base) {
  const ReadJob read{status.record, parse_generation_job(status.record.request, app.catalog)};
  Job job;
  job.id = read.record.id;
  job.state = read.record.state;
  job.mode = read.job.request.mode;
  job.model = read.job.request.model;
  job.provider = "local";
  job.created_at = read.record.created_ms / 1000;
  job.started_at = seconds_of(read.record.started_ms);
  job.finished_at = seconds_of(read.record.finished_ms);
  if (status.position) job.queue_position = static_cast<std::int64_t>(*status.position);
  read_progress(read.record.progress, job);
  if (status.seconds_left) job.estimate_ms = std::llround(*status.seconds_left * 1000);
  job.error = read.record.error;
  if (job.state == JobState::succeeded) job.result = result_of(app, read, base);
  return job;
}

JobStatus find_job(const AppState& app, const std::string& id) {
  std::optional<JobStatus> status = app.queue.find(id);
  if (!status) fail("job_not_found", "There is no such job, or its time is over", 404);
  return *std::move(status);
}

void get_job(AppState& app, const ExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const JobStatus status = find_job(app, request.param("id"));
  exchange->respond(json_response(200, to_json(wire_job(app, status, base_url(request)))));
}

void delete_job(AppState& app, const ExchangePtr& exchange) {
  app.queue.cancel(exchange->request().param("id"), [&app, exchange](const Result<JobState>& state) {
    if (!state) {
      exchange->respond(problem_response(state.error(), app));
      return;
    }
    app.answers.post([&app, exchange] {
      try {
        const HttpRequest& request = exchange->request();
        const ReadJob read = read_job(app, request.param("id"));
        exchange->respond(json_response(200, to_json(wire_job(app, {read.record, {}, {}}, base_url(request)))));
      } catch (const PalimpsestError& problem) {
        exchange->respond(problem_response(problem.error(), app));
      }
    });
  });
}

std::int64_t last_event_id(const HttpRequest& request) {
  const std::string* field = request.headers.find("last-event-id");
  const std::string text = field != nullptr ? *field : request.query_value("last_event_id");
  if (text.empty()) return 0;
  std::int64_t sequence = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (problem != std::errc() || end != text.data() + text.size() || sequence < 0) {
    throw PalimpsestError({std::string(codes::kInvalidValue),
                           "Last-Event-ID must be the number of an event of this job", "Last-Event-ID"});
  }
  return sequence;
}

/// One stream of a job's events. Everything is called on one thread, or before any of it.
class EventSender {
 public:
  EventSender(AppState& app, std::shared_ptr<SseStream> stream, std::string job, std::string base)
      : app_(app), stream_(std::move(stream)), job_(std::move(job)), base_(std::move(base)) {}

  void send(const LiveEvent& live) {
    const JobEvent& event = live.event;
    if (live.preview && !stream_->is_congested()) send_preview(*live.preview);
    stream_->send({event.type, data_of(event), std::to_string(event.sequence)});
    if (is_last(event)) stream_->close();
  }

  void close_with(const Error& error) {
    stream_->send({"error", error_body({{error, ""}}).dump(), ""});
    stream_->close();
  }

 private:
  /// The end is told as the routes tell it; the rest as it was stored.
  std::string data_of(const JobEvent& event) const {
    if (event.type != "succeeded" && event.type != "failed") return event.data;
    const ReadJob read = read_job(app_, job_);
    if (read.record.error) return error_body({{*read.record.error, ""}}).dump();
    return result_of(app_, read, base_).dump();
  }

  /// Previews are for who looks now: they have no number and are not repeated.
  void send_preview(const Image& preview) {
    Json json;
    json.set("b64_json", encode_base64(encode_image(preview)));
    json.set("output_format", "png");
    json.set("size", to_string(preview.size()));
    stream_->send({"preview", json.dump(), ""});
  }

  AppState& app_;
  const std::shared_ptr<SseStream> stream_;
  const std::string job_, base_;
};

void get_events(AppState& app, const ExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const std::string id = request.param("id");
  const std::int64_t after = last_event_id(request);
  const bool has_ended = is_final(find_job(app, id).record.state);
  const auto stream = exchange->start_events(AtShutdown::close);
  if (!stream) return;
  const auto sender = std::make_shared<EventSender>(app, stream, id, base_url(request));
  if (has_ended) {
    const auto events = app.storage.read([&](Database& database) { return JobEvents(database).after(id, after); });
    for (const JobEvent& event : events) sender->send({event, {}});
    return stream->close();
  }
  const auto follower = std::make_shared<JobFollower>(
      app, [sender](const LiveEvent& event) { sender->send(event); },
      [sender](const Error& error) { sender->close_with(error); });
  if (const auto error = follower->follow(id, after)) return sender->close_with(*error);
  exchange->on_disconnect([follower] { follower->stop(); });
}

Route job_route(std::string method, std::string pattern, Handler handler) {
  Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.handler = std::move(handler);
  return route;
}

}  // namespace

void add_job_routes(Router& router, AppState& app) {
  router.add(job_route("GET", "/v1/jobs/{id}", [&app](const ExchangePtr& exchange) { get_job(app, exchange); }));
  router.add(job_route("DELETE", "/v1/jobs/{id}", [&app](const ExchangePtr& exchange) { delete_job(app, exchange); }));
  router.add(
      job_route("GET", "/v1/jobs/{id}/events", [&app](const ExchangePtr& exchange) { get_events(app, exchange); }));
}

}  // namespace palimpsest
