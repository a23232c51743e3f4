// GET /v1/models and /v1/models/{id}.
#include <utility>

#include "native/server/routes.h"
#include "shared/api/wire_openai.h"

namespace palimpsest {
namespace {

/// Adds who would answer for the model now; null where nobody would.
Json with_answerer(Json json, const AppState& app, const std::string& model, const std::string& provider) {
  const Result<Answerer> answerer = app.models.choose(model, provider);
  json.set("available", static_cast<bool>(answerer));
  json.set("served_by", answerer ? Json(Json::Object{{"provider", "local"},
                                                     {"checkpoint", answerer->checkpoint},
                                                     {"is_stand_in", answerer->is_stand_in}})
                                 : Json());
  return json;
}

Json catalog_model(const AppState& app, const Model& model, const std::string& provider, bool with_schema) {
  return with_answerer(model_object(model, app.catalog, with_schema), app, model.id, provider);
}

Json local_model(const AppState& app, const std::string& id, bool with_schema) {
  return with_answerer(local_model_object(id, app.catalog, with_schema), app, id, "local");
}

void list_models(const AppState& app, const ExchangePtr& exchange) {
  Json::Array all;
  for (const Model& model : app.catalog.models()) all.push_back(catalog_model(app, model, "", false));
  for (const std::string& id : app.models.ids()) all.push_back(local_model(app, id, false));
  exchange->respond(json_response(200, list_object(std::move(all))));
}

void get_model(const AppState& app, const ExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const bool with_schema = request.query_value("schema") == "true" || request.query_value("schema") == "1";
  const std::string& id = request.param("id");
  const ModelChoice choice = app.catalog.choose_model(id, app.models.ids()).value_or_throw();
  if (choice.model != nullptr) {
    exchange->respond(json_response(200, catalog_model(app, *choice.model, choice.provider, with_schema)));
    return;
  }
  const Answerer answerer = app.models.choose(choice.id, choice.provider).value_or_throw();
  exchange->respond(json_response(200, local_model(app, "local/" + answerer.checkpoint, with_schema)));
}

Route model_route(std::string pattern, Handler handler) {
  Route route;
  route.method = "GET";
  route.pattern = std::move(pattern);
  route.access = RouteAccess::open;
  route.handler = std::move(handler);
  return route;
}

}  // namespace

void add_model_routes(Router& router, AppState& app) {
  router.add(model_route("/v1/models", [&app](const ExchangePtr& exchange) { list_models(app, exchange); }));
  router.add(model_route("/v1/models/{id*}", [&app](const ExchangePtr& exchange) { get_model(app, exchange); }));
}

}  // namespace palimpsest
