// POST /v1/images/generations and /v1/images/edits: from a body to a job, and from its end to the answer.
#include <algorithm>
#include <utility>

#include "native/imaging/decode.h"
#include "native/server/job_follower.h"
#include "native/server/picture_answer.h"
#include "native/server/picture_stream.h"
#include "native/server/routes.h"
#include "native/storage/digest.h"
#include "shared/api/parse_request.h"
#include "shared/api/size.h"
#include "shared/pipeline/noise.h"

namespace palimpsest {
namespace {

bool is_true(const std::string& value) {
  return value == "true" || value == "1";
}

/// Whether a header that lists tokens, as Prefer does, has this one.
bool has_token(const HttpRequest& request, std::string_view name, std::string_view token) {
  for (const auto& [field, value] : request.headers) {
    if (!equal_ignoring_case(field, name)) continue;
    for (std::size_t begin = 0; begin <= value.size();) {
      const std::size_t end = std::min(value.find_first_of(",;", begin), value.size());
      std::string_view item = std::string_view(value).substr(begin, end - begin);
      while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
      while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
      if (equal_ignoring_case(item, token)) return true;
      begin = end + 1;
    }
  }
  return false;
}

ParsedRequest parse(const AppState& app, const HttpRequest& request, Mode mode) {
  const ParseOptions options{app.models.ids(), false};
  if (request.form) return parse_form_request(form_fields(*request.form), mode, app.catalog, options);
  return parse_json_request(request.body, mode, app.catalog, options);
}

/// Reads the head of each picture, so that what no decoder takes is refused before it waits in the queue.
void probe(const InputPicture& picture, const std::string& param) {
  try {
    probe_image(picture.bytes);
  } catch (const PalimpsestError& problem) {
    Error error = problem.error();
    error.message = param + ": " + error.message;
    error.param = param;
    throw PalimpsestError(std::move(error));
  }
}

/// The job that a request asks for; absent where the exchange was answered with what is wrong with it.
std::optional<GenerationJob> accepted_job(const AppState& app, Exchange& exchange, Mode mode) {
  ParsedRequest parsed = parse(app, exchange.request(), mode);
  if (!parsed.request) {
    exchange.respond(json_response(http_status(parsed.problems), error_body(parsed.problems)));
    return std::nullopt;
  }
  for (const InputPicture& picture : parsed.request->pictures) probe(picture, "image");
  if (parsed.request->mask) probe(*parsed.request->mask, "mask");
  Answerer answerer = app.models.choose(*parsed.request).value_or_throw();
  GenerationJob job{*std::move(parsed.request), answerer.checkpoint, std::move(parsed.warnings)};
  job.warnings.insert(job.warnings.end(), answerer.warnings.begin(), answerer.warnings.end());
  return job;
}

/// How pictures would be resized; absent before the checkpoint was loaded.
std::optional<SizePlan> plan_of(const AppState& app, const GenerationJob& job) {
  const std::optional<CheckpointFacts> facts = app.models.facts(job.checkpoint);
  if (!facts) return std::nullopt;
  ImageRequest request = job.request.image;
  for (const InputPicture& picture : job.request.pictures) {
    Image size_only;
    const ImageSize size = probe_image(picture.bytes).size;
    size_only.width = size.width;
    size_only.height = size.height;
    request.images.push_back(std::move(size_only));
  }
  return plan_sizes(request, facts->native_size);
}

/// What would happen, in the form of the gateways that have a dry run, with ours beside it.
Json dry_run(const AppState& app, const GenerationJob& job) {
  const std::int64_t n = job.request.image.n;
  Json json;
  json.set("estimated", true);
  json.set("dry_run", true);
  json.set("model", job.request.model);
  json.set("provider", "local");
  json.set("checkpoint", job.checkpoint);
  json.set("total_cost_micros", 0);
  json.set("currency", "USD");
  json.set("components", Json::Array{Json(Json::Object{{"type", "output"},
                                                       {"metric", "image"},
                                                       {"quantity", n},
                                                       {"billable_quantity", n},
                                                       {"unit_price", 0},
                                                       {"total_cost", 0}})});
  if (const auto plan = plan_of(app, job)) {
    json.set("size", to_string(plan->output));
    json.set("size_plan", plan->to_string());
  }
  const std::optional<double> seconds = app.record.figures().seconds_of_picture;
  json.set("estimate_ms", seconds ? Json(static_cast<std::int64_t>(*seconds * 1000 * static_cast<double>(n))) : Json());
  json.set("queue_position", static_cast<std::int64_t>(app.queue.queued_count() + app.queue.running_count()));
  json.set("warnings", to_json(job.warnings));
  return json;
}

/// The answer of a job that ended.
HttpResponse final_response(AppState& app, const std::string& id, const JobEvent& event, const std::string& base) {
  if (event.type == "cancelled") return problem_response({"cancelled", "The job was cancelled", "", 400}, app, true);
  const ReadJob read = read_job(app, id);
  if (read.record.error) return problem_response(*read.record.error, app, true);
  const GenerationRequest& request = read.job.request;
  const ImagesResult result = request.sync_mode ? take_pictures(app, read, request.response_format)
                                                : images_result(app, read, base, request.response_format);
  HttpResponse response = json_response(200, to_json(result));
  for (const auto& [name, value] : answerer_headers(result.checkpoint)) response.headers.add(name, value);
  return response;
}

/// One accepted request on its way through the queue.
struct Accepted {
  AppState& app;
  ExchangePtr exchange;
  GenerationJob job;
  bool is_async = false, wants_progress = false;
};

void follow(const Accepted& accepted, const std::string& id, JobFollower::OnEvent on_event,
            JobFollower::OnProblem on_problem) {
  const auto follower = std::make_shared<JobFollower>(accepted.app, std::move(on_event), on_problem);
  if (const auto error = follower->follow(id, 0)) return on_problem(*error);
  accepted.exchange->on_disconnect([follower] { follower->stop(); });
}

void answer_when_done(const Accepted& accepted, const std::string& id) {
  AppState& app = accepted.app;
  const ExchangePtr exchange = accepted.exchange;
  follow(
      accepted, id,
      [&app, exchange, id](const LiveEvent& event) {
        if (is_last(event.event))
          exchange->respond(final_response(app, id, event.event, base_url(exchange->request())));
      },
      [&app, exchange](const Error& error) { exchange->respond(problem_response(error, app)); });
}

void answer_as_stream(const Accepted& accepted, const std::string& id) {
  const auto events = accepted.exchange->start_events(AtShutdown::finish, answerer_headers(accepted.job.checkpoint));
  if (!events) return accepted.app.queue.cancel(id, [](const Result<JobState>&) {});
  const auto pictures = std::make_shared<PictureStream>(
      accepted.app, events, id, accepted.job, base_url(accepted.exchange->request()), accepted.wants_progress);
  follow(
      accepted, id, [pictures](const LiveEvent& event) { pictures->on_event(event); },
      [pictures](const Error& error) { pictures->fail_with(error); });
}

void answer_with_job(const Accepted& accepted, const std::string& id) {
  Job job;
  job.id = id;
  job.mode = accepted.job.request.mode;
  job.model = accepted.job.request.model;
  job.provider = "local";
  job.created_at = unix_now() / 1000;
  HttpResponse response = json_response(202, to_json(job).set("warnings", to_json(accepted.job.warnings)));
  for (const auto& [name, value] : answerer_headers(accepted.job.checkpoint)) response.headers.add(name, value);
  response.headers.add("location", "/v1/jobs/" + id);
  response.headers.add("preference-applied", "respond-async");
  accepted.exchange->respond(std::move(response));
}

void submit(const std::shared_ptr<Accepted>& accepted) {
  const HttpRequest& request = accepted->exchange->request();
  const GenerationJob& job = accepted->job;
  Submission submission{request.client, to_json(job).dump(), job_inputs(job.request), {}, false};
  if (const std::string* key = request.headers.find("idempotency-key")) {
    // Not the body's own bytes: a form that is sent again has another boundary.
    submission.idempotency =
        IdempotencyKey{*key, content_digest(normal_form(job.request, accepted->app.catalog).dump())};
  }
  // Who sent a key comes back for the answer; whoever else waits and leaves does not.
  submission.cancel_when_abandoned = !accepted->is_async && !submission.idempotency;
  accepted->app.queue.submit(std::move(submission), [accepted](const Result<Submitted>& submitted) {
    if (!submitted) {
      accepted->exchange->respond(problem_response(submitted.error(), accepted->app));
    } else if (accepted->is_async) {
      answer_with_job(*accepted, submitted->id);
    } else if (accepted->job.request.stream) {
      answer_as_stream(*accepted, submitted->id);
    } else {
      answer_when_done(*accepted, submitted->id);
    }
  });
}

/// What does not go together with an answer that is fetched later.
void warn_of_async(GenerationJob& job) {
  for (const auto& [is_asked, name] :
       {std::pair(job.request.stream, "stream"), std::pair(job.request.sync_mode, "sync_mode")}) {
    if (is_asked) {
      job.warnings.push_back(
          {"ignored_parameter", name, std::string(name) + " has no effect with Prefer: respond-async."});
    }
  }
}

/// Gives a request without a seed one, so that its previews can say it: who stops a run can go on with the same one.
void draw_seed(GenerationRequest& request) {
  if (request.image.seed) return;
  request.image.seed = random_seed();
  request.values.emplace_back("seed", *request.image.seed);
}

void post_images(AppState& app, const ExchangePtr& exchange, Mode mode) {
  const HttpRequest& request = exchange->request();
  std::optional<GenerationJob> job = accepted_job(app, *exchange, mode);
  if (!job) return;
  if (is_true(request.query_value("dryRun"))) {
    exchange->respond(json_response(200, dry_run(app, *job)));
    return;
  }
  if (const auto error = app.not_ready()) {
    exchange->respond(problem_response(*error, app));
    return;
  }
  // Under a key the same request must stay the same job.
  if (request.headers.find("idempotency-key") == nullptr) draw_seed(job->request);
  const bool is_async = has_token(request, "prefer", "respond-async");
  if (is_async) warn_of_async(*job);
  submit(std::make_shared<Accepted>(
      Accepted{app, exchange, *std::move(job), is_async, is_true(request.query_value("progress"))}));
}

Route image_route(AppState& app, std::string pattern, BodyKind body, Mode mode) {
  Route route;
  route.method = "POST";
  route.pattern = std::move(pattern);
  route.body = body;
  route.json_has_pictures = mode == Mode::edit;
  route.handler = [&app, mode](const ExchangePtr& exchange) { post_images(app, exchange, mode); };
  return route;
}

}  // namespace

void add_image_routes(Router& router, AppState& app) {
  router.add(image_route(app, "/v1/images/generations", BodyKind::json, Mode::generate));
  router.add(image_route(app, "/v1/images/edits", BodyKind::multipart_or_json, Mode::edit));
}

}  // namespace palimpsest
