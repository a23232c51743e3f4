// What tells about the server itself: /health, /ready, /metrics, /openapi.json, /v1/limits, /v1/providers; and pairing.
#include <cmath>
#include <utility>

#include "native/server/picture_answer.h"
#include "native/server/routes.h"
#include "shared/api/openapi.h"

namespace palimpsest {
namespace {

const char* status_name(const AppState& app) {
  if (app.is_draining) return "shutting_down";
  switch (app.worker.state()) {
    case InferenceWorker::State::loading:
      return "loading";
    case InferenceWorker::State::failed:
      return "failed";
    case InferenceWorker::State::ready:
      break;
  }
  return "ready";
}

void get_ready(const AppState& app, const ExchangePtr& exchange) {
  const std::optional<Error> problem = app.not_ready();
  Json json;
  json.set("ready", !problem);
  json.set("status", status_name(app));
  json.set("checkpoint", app.models.main().name);
  json.set("queued", static_cast<std::int64_t>(app.queue.queued_count()));
  json.set("running", static_cast<std::int64_t>(app.queue.running_count()));
  if (problem) json.set("message", problem->message);
  exchange->respond(json_response(problem ? 503 : 200, json));
}

Json limits_json(const AppState& app) {
  const CatalogLimits& catalog = app.catalog.limits();
  Json json;
  json.set("http", to_json(app.options.http.limits));
  json.set("queue", Json::Object{{"capacity", static_cast<std::int64_t>(app.options.queue.capacity)},
                                 {"per_client", static_cast<std::int64_t>(app.options.queue.per_client)}});
  json.set("images", Json::Object{{"max_image_bytes", catalog.max_image_bytes},
                                  {"max_data_url_bytes", catalog.max_data_url_bytes},
                                  {"min_side", catalog.min_side},
                                  {"side_multiple", catalog.side_multiple},
                                  {"link_seconds", app.options.queue.images.lifetime / 1000}});
  return json;
}

/// A hosted provider has no figures: none is ever asked before it is configured.
Json provider_json(const AppState& app, const Provider& provider) {
  const bool is_local = provider.id == "local";
  Json json;
  json.set("id", provider.id);
  json.set("object", "provider");
  json.set("name", provider.name);
  json.set("description", provider.description);
  json.set("configured", is_local);
  json.set("status", is_local ? status_name(app) : "not_configured");
  Json::Array models;
  for (const Model& model : app.catalog.models()) {
    for (const ProviderModel& endpoint : model.providers) {
      if (endpoint.provider != provider.id) continue;
      models.emplace_back(
          Json::Object{{"config_key", endpoint.key},
                       {"model", model.id},
                       {"price_micros_usd", endpoint.price_micros_usd ? Json(*endpoint.price_micros_usd) : Json()}});
    }
  }
  json.set("models", std::move(models));
  if (!is_local) return json;
  const LocalRecord::Figures figures = app.record.figures();
  json.set("succeeded", figures.succeeded);
  json.set("failed", figures.failed);
  json.set("latency_ms", figures.seconds_of_picture
                             ? Json(static_cast<std::int64_t>(std::llround(*figures.seconds_of_picture * 1000)))
                             : Json());
  return json;
}

void list_providers(const AppState& app, const ExchangePtr& exchange) {
  Json::Array all;
  for (const Provider& provider : app.catalog.providers()) all.push_back(provider_json(app, provider));
  exchange->respond(json_response(200, Json(Json::Object{{"object", "list"}, {"data", std::move(all)}})));
}

void pair(AccessPolicy& access, const ExchangePtr& exchange) {
  const Json json = parse_json(exchange->request().body).value_or_throw();
  const Json* token = json.find("token");
  if (token == nullptr || !token->is_string()) {
    throw PalimpsestError(
        {std::string(codes::kInvalidValue), "token must be the text that the server printed", "token"});
  }
  const std::string key = access.redeem(*token->as_string()).value_or_throw();
  exchange->respond(json_response(200, Json(Json::Object{{"key", key}})));
}

Route open_route(std::string method, std::string pattern, Handler handler) {
  Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.access = RouteAccess::open;
  route.handler = std::move(handler);
  return route;
}

}  // namespace

void add_meta_routes(Router& router, AppState& app, AccessPolicy& access) {
  Route health = open_route("GET", "/health", [](const ExchangePtr& exchange) {
    exchange->respond(json_response(200, Json(Json::Object{{"status", "ok"}})));
  });
  health.is_quick = true;
  router.add(std::move(health));
  router.add(open_route("GET", "/ready", [&app](const ExchangePtr& exchange) { get_ready(app, exchange); }));
  router.add(open_route("GET", "/openapi.json", [&app](const ExchangePtr& exchange) {
    exchange->respond(json_response(200, openapi_document(app.catalog, app.options.version)));
  }));
  router.add(open_route("GET", "/v1/limits", [&app](const ExchangePtr& exchange) {
    exchange->respond(json_response(200, limits_json(app)));
  }));
  router.add(
      open_route("GET", "/v1/providers", [&app](const ExchangePtr& exchange) { list_providers(app, exchange); }));
  Route metrics = open_route("GET", "/metrics", [&app](const ExchangePtr& exchange) {
    exchange->respond(bytes_response(200, "text/plain; version=0.0.4; charset=utf-8", app.metrics.text()));
  });
  metrics.access = RouteAccess::keyed;
  router.add(std::move(metrics));
  Route pairing = open_route("POST", "/v1/pair", [&access](const ExchangePtr& exchange) { pair(access, exchange); });
  pairing.body = BodyKind::json;
  router.add(std::move(pairing));
}

}  // namespace palimpsest
