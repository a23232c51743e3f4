#include "shared/api/openapi.h"

#include <array>

namespace palimpsest {
namespace {

Json object(Json::Object members) {
  return Json(std::move(members));
}

Json type(const char* name) {
  return object({{"type", name}});
}

Json reference(const std::string& schema) {
  return object({{"$ref", "#/components/schemas/" + schema}});
}

Json strings(const std::vector<std::string>& values) {
  return Json(Json::Array(values.begin(), values.end()));
}

Json array_of(Json items) {
  return object({{"type", "array"}, {"items", std::move(items)}});
}

Json::Array type_or_null(const char* name) {
  return {Json(name), Json("null")};
}

void set_number(Json& schema, const char* key, const std::optional<double>& value) {
  if (!value) return;
  const auto whole = static_cast<std::int64_t>(*value);
  schema.set(key, static_cast<double>(whole) == *value ? Json(whole) : Json(*value));
}

Json object_schema(std::vector<Parameter> parameters) {
  Json properties{Json::Object{}};
  Json::Array required;
  for (const Parameter& parameter : parameters) {
    properties.set(parameter.name, json_schema(parameter));
    if (parameter.required) required.emplace_back(parameter.name);
  }
  Json schema = object({{"type", "object"}, {"properties", std::move(properties)}});
  if (!required.empty()) schema.set("required", std::move(required));
  return schema;
}

void set_type(Json& schema, const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::string:
      schema.set("type", type_or_null("string"));
      break;
    case ParameterType::integer:
      if (parameter.format == "uint64") {
        schema.set("type", Json::Array{"integer", "string", "null"});
        schema.set("minimum", 0);
        schema.set("maximum", std::uint64_t{18446744073709551615u});
      } else {
        schema.set("type", type_or_null("integer"));
      }
      break;
    case ParameterType::number:
      schema.set("type", type_or_null("number"));
      break;
    case ParameterType::boolean:
      schema.set("type", type_or_null("boolean"));
      break;
    case ParameterType::image:
      schema.set("type", "string");
      schema.set("format", "binary");
      break;
    case ParameterType::list:
      schema.set("type", type_or_null("array"));
      schema.set("items", object_schema(parameter.fields));
      break;
  }
}

// The form of an edit has files; the JSON body has references with data URLs instead.
Json request_schema(const Catalog& catalog, Mode mode, bool is_form) {
  std::vector<Parameter> parameters;
  for (const Parameter& parameter : catalog.parameters()) {
    if (parameter.is_for(mode) && (is_form || parameter.type != ParameterType::image)) parameters.push_back(parameter);
  }
  Json schema = object_schema(std::move(parameters));
  if (mode == Mode::edit && !is_form) {
    Json properties = *schema.find("properties");
    properties.set("images", array_of(reference("ImageReference")));
    properties.set("mask", reference("ImageReference"));
    const Json* needed = schema.find("required");
    Json::Array required = needed == nullptr ? Json::Array{} : *needed->as_array();
    required.emplace_back("images");
    schema.set("properties", std::move(properties));
    schema.set("required", std::move(required));
  }
  schema.set("additionalProperties", true);
  return schema;
}

Json error_schema() {
  Json error = object_schema({});
  error.set("properties", object({{"message", type("string")},
                                  {"type", type("string")},
                                  {"param", object({{"type", type_or_null("string")}})},
                                  {"code", object({{"type", type_or_null("string")}})},
                                  {"errors", array_of(type("object"))}}));
  error.set("required", strings({"message", "type", "param", "code"}));
  return object(
      {{"type", "object"}, {"properties", object({{"error", std::move(error)}})}, {"required", strings({"error"})}});
}

Json images_schema() {
  const Json picture = object({{"type", "object"},
                               {"properties", object({{"url", type("string")},
                                                      {"b64_json", type("string")},
                                                      {"revised_prompt", type("string")},
                                                      {"seed", type("integer")},
                                                      {"seed_string", type("string")}})}});
  return object({{"type", "object"},
                 {"properties", object({{"created", type("integer")},
                                        {"data", array_of(picture)},
                                        {"output_format", type("string")},
                                        {"size", type("string")},
                                        {"model", type("string")},
                                        {"provider", type("string")},
                                        {"checkpoint", type("string")},
                                        {"size_plan", type("string")},
                                        {"cost_micros_usd", type("integer")},
                                        {"duration_ms", type("integer")},
                                        {"usage", type("object")},
                                        {"warnings", array_of(type("object"))}})},
                 {"required", strings({"created", "data"})}});
}

Json job_schema() {
  return object(
      {{"type", "object"},
       {"properties",
        object({{"id", type("string")},
                {"status", object({{"enum", strings({"queued", "running", "succeeded", "failed", "cancelled"})}})},
                {"progress", type("number")},
                {"queue_position", type("integer")},
                {"step", type("integer")},
                {"steps", type("integer")},
                {"estimate_ms", type("integer")},
                {"error", type("object")},
                {"result", reference("Images")}})},
       {"required", strings({"id", "status"})}});
}

Json model_schema() {
  return object({{"type", "object"},
                 {"properties", object({{"id", type("string")},
                                        {"object", object({{"const", "model"}})},
                                        {"created", type("integer")},
                                        {"owned_by", type("string")},
                                        {"parameters", array_of(type("object"))}})},
                 {"required", strings({"id", "object", "created", "owned_by"})}});
}

Json properties_schema(Json::Object properties, const std::vector<std::string>& required) {
  return object({{"type", "object"}, {"properties", Json(std::move(properties))}, {"required", strings(required)}});
}

Json gallery_item_schema() {
  return properties_schema({{"id", type("string")},
                            {"object", object({{"const", "gallery.item"}})},
                            {"url", type("string")},
                            {"title", type("string")},
                            {"favourite", type("boolean")},
                            {"created_at", type("integer")},
                            {"media_type", type("string")},
                            {"width", type("integer")},
                            {"height", type("integer")},
                            {"request", type("object")}},
                           {"id", "object", "url", "title", "favourite", "created_at"});
}

Json gallery_page_schema() {
  return properties_schema({{"data", array_of(reference("GalleryItem"))},
                            {"has_more", type("boolean")},
                            {"next_cursor", object({{"type", type_or_null("string")}})}},
                           {"data", "has_more"});
}

Json keep_schema() {
  return properties_schema({{"image", type("string")}, {"title", type("string")}, {"favourite", type("boolean")}},
                           {"image"});
}

Json deleted_schema() {
  return properties_schema({{"id", type("string")}, {"object", type("string")}, {"deleted", type("boolean")}},
                           {"id", "deleted"});
}

Json schemas(const Catalog& catalog) {
  const Json image_reference = object({{"type", "object"},
                                       {"properties", object({{"image_url", type("string")}})},
                                       {"required", strings({"image_url"})},
                                       {"additionalProperties", false}});
  return object(
      {{"GenerateRequest", request_schema(catalog, Mode::generate, false)},
       {"EditRequest", request_schema(catalog, Mode::edit, false)},
       {"EditForm", request_schema(catalog, Mode::edit, true)},
       {"ImageReference", image_reference},
       {"Images", images_schema()},
       {"Job", job_schema()},
       {"Model", model_schema()},
       {"ModelList", object({{"type", "object"}, {"properties", object({{"data", array_of(reference("Model"))}})}})},
       {"GalleryItem", gallery_item_schema()},
       {"GalleryPage", gallery_page_schema()},
       {"KeepRequest", keep_schema()},
       {"Deleted", deleted_schema()},
       {"PairRequest", properties_schema({{"token", type("string")}}, {"token"})},
       {"SessionKey", properties_schema({{"key", type("string")}}, {"key"})},
       {"Error", error_schema()}});
}

struct Route {
  const char *path, *method, *summary;
  const char* answer;     // a schema, or a media type
  const char* body = "";  // a schema; empty: none
};

constexpr std::array kRoutes = {
    Route{"/v1/images/generations", "post", "Make pictures from text", "Images", "GenerateRequest"},
    Route{"/v1/images/edits", "post", "Edit pictures by instruction", "Images", "EditRequest"},
    Route{"/v1/images/{id}", "get", "A picture, for 60 minutes unless it is kept; then 410", "image/*"},
    Route{"/v1/models", "get", "The models", "ModelList"},
    Route{"/v1/models/{id}", "get", "One model; with schema=true its parameters too", "Model"},
    Route{"/v1/jobs/{id}", "get", "A job", "Job"},
    Route{"/v1/jobs/{id}", "delete", "Cancel a job", "Job"},
    Route{"/v1/jobs/{id}/events", "get", "A job's events; resumes by Last-Event-ID", "text/event-stream"},
    Route{"/v1/gallery", "get", "The pictures kept, newest first", "GalleryPage"},
    Route{"/v1/gallery", "post", "Keep a picture, or change its title", "GalleryItem", "KeepRequest"},
    Route{"/v1/gallery/{id}", "delete", "Delete a picture that was kept", "Deleted"},
    Route{"/v1/providers", "get", "Health, price, measured latency and success of the providers", "application/json"},
    Route{"/v1/limits", "get", "What one client may take of the server", "application/json"},
    Route{"/v1/pair", "post", "Swap a token that the server printed for a key, once", "SessionKey", "PairRequest"},
    Route{"/health", "get", "Whether the server runs", "application/json"},
    Route{"/ready", "get", "Whether it can take work", "application/json"},
    Route{"/metrics", "get", "Figures for Prometheus", "text/plain"},
    Route{"/openapi.json", "get", "This document", "application/json"},
};

bool takes_pictures(const Route& route) {
  return std::string(route.answer) == "Images";
}

Json content(const std::string& media_type, Json schema) {
  return object({{media_type, object({{"schema", std::move(schema)}})}});
}

Json answers(const Route& route) {
  const std::string answer = route.answer;
  const bool is_schema = answer.find('/') == std::string::npos;
  Json ok = is_schema ? content("application/json", reference(answer)) : object({{answer, Json(Json::Object{})}});
  if (takes_pictures(route)) ok.set("text/event-stream", Json(Json::Object{}));
  Json all = object({{"200", object({{"description", route.summary}, {"content", std::move(ok)}})}});
  if (takes_pictures(route)) {
    all.set("202", object({{"description", "A job, with Prefer: respond-async"},
                           {"content", content("application/json", reference("Job"))}}));
  }
  all.set("default",
          object({{"description", "What went wrong"}, {"content", content("application/json", reference("Error"))}}));
  return all;
}

Json input(const char* place, const char* name, const char* of_type, const char* description) {
  return object({{"name", name}, {"in", place}, {"schema", type(of_type)}, {"description", description}});
}

Json::Array inputs(const Route& route) {
  const std::string path = route.path, method = route.method;
  Json::Array all;
  if (path.find("{id}") != std::string::npos) {
    all.push_back(object({{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", type("string")}}));
  }
  if (path == "/v1/models/{id}") all.push_back(input("query", "schema", "boolean", "Add the parameters"));
  if (path == "/v1/jobs/{id}/events") {
    all.push_back(input("header", "Last-Event-ID", "integer", "Number of the last event seen"));
  }
  if (path == "/v1/gallery" && method == "get") {
    all.push_back(input("query", "limit", "integer", "Items of a page"));
    all.push_back(input("query", "cursor", "string", "next_cursor of the page before"));
    all.push_back(input("query", "favourites", "boolean", "Favourites only"));
  }
  if (takes_pictures(route)) {
    all.push_back(input("query", "dryRun", "boolean", "Check and price the request without running it"));
    all.push_back(input("query", "progress", "boolean", "Add progress events to a stream"));
    all.push_back(input("header", "Prefer", "string", "respond-async: answer with a job at once"));
    all.push_back(input("header", "Idempotency-Key", "string", "The same key gets the same answer for a day"));
  }
  return all;
}

void set_inputs(Json& operation, const Route& route) {
  Json::Array parameters = inputs(route);
  if (!parameters.empty()) operation.set("parameters", std::move(parameters));
  const std::string body = route.body;
  if (body.empty()) return;
  Json accepted = content("application/json", reference(body));
  if (body == "EditRequest") accepted.set("multipart/form-data", object({{"schema", reference("EditForm")}}));
  operation.set("requestBody", object({{"required", true}, {"content", std::move(accepted)}}));
}

Json paths() {
  Json paths;
  for (const Route& route : kRoutes) {
    Json operation = object({{"summary", route.summary}});
    set_inputs(operation, route);
    operation.set("responses", answers(route));
    const Json* known = paths.find(route.path);
    Json item = known == nullptr ? Json(Json::Object{}) : *known;
    item.set(route.method, std::move(operation));
    paths.set(route.path, std::move(item));
  }
  return paths;
}

}  // namespace

Json json_schema(const Parameter& parameter) {
  Json schema;
  set_type(schema, parameter);
  schema.set("description", parameter.description);
  if (!parameter.default_value.is_null()) schema.set("default", parameter.default_value);
  set_number(schema, "minimum", parameter.minimum);
  set_number(schema, "maximum", parameter.maximum);
  if (parameter.max_items) schema.set("maxItems", *parameter.max_items);
  if (!parameter.values.empty()) {
    Json::Array values(parameter.values.begin(), parameter.values.end());
    values.emplace_back();
    schema.set("enum", std::move(values));
  }
  return schema;
}

Json openapi_document(const Catalog& catalog, const std::string& version) {
  return object({{"openapi", "3.1.0"},
                 {"info", object({{"title", "Palimpsest"},
                                  {"version", version},
                                  {"description", "OpenAI-compatible images by FLUX.1 Kontext."}})},
                 {"paths", paths()},
                 {"components",
                  object({{"schemas", schemas(catalog)},
                          {"securitySchemes", object({{"key", object({{"type", "http"}, {"scheme", "bearer"}})}})}})},
                 {"security", Json::Array{object({}), object({{"key", Json(Json::Array{})}})}}});
}

}  // namespace palimpsest
