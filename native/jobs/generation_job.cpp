#include "native/jobs/generation_job.h"

#include <array>
#include <utility>

#include "shared/api/wire_openai.h"
#include "shared/catalog/object_reader.h"

namespace palimpsest {
namespace {

constexpr std::array kModes = {Mode::generate, Mode::edit};

JobInput input_of(const InputPicture& picture) {
  return {picture.media_type, picture.bytes};
}

Result<Warning> parse_warning(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  Warning warning;
  reader.read("code", warning.code, true);
  reader.read("param", warning.param);
  reader.read("message", warning.message, true);
  return reader.finish(std::move(warning));
}

Result<RouteStop> parse_stop(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  RouteStop stop;
  reader.read("endpoint", stop.endpoint, true);
  reader.read_items("warnings", stop.warnings, parse_warning);
  return reader.finish(std::move(stop));
}

Json::Object members_of(const Json* json) {
  return json != nullptr && json->is_object() ? *json->as_object() : Json::Object{};
}

}  // namespace

std::vector<JobInput> job_inputs(const GenerationRequest& request) {
  std::vector<JobInput> inputs;
  for (const InputPicture& picture : request.pictures) inputs.push_back(input_of(picture));
  if (request.mask) inputs.push_back(input_of(*request.mask));
  return inputs;
}

Json to_json(const GenerationJob& job) {
  const GenerationRequest& request = job.request;
  Json json;
  json.set("mode", std::string(name_of(request.mode)));
  json.set("model", request.model);
  json.set("provider", request.provider);
  json.set("checkpoint", job.checkpoint);
  json.set("values", request.values);
  json.set("unknown", request.unknown);
  json.set("has_mask", request.mask.has_value());
  json.set("warnings", to_json(job.warnings));
  Json::Array route;
  for (const RouteStop& stop : job.route) {
    route.emplace_back(Json::Object{{"endpoint", stop.endpoint}, {"warnings", to_json(stop.warnings)}});
  }
  if (!route.empty()) json.set("route", std::move(route));
  return json;
}

GenerationJob parse_generation_job(std::string_view text, const Catalog& catalog) {
  const Json json = parse_json(text).value_or_throw();
  ObjectReader reader(json, "");
  GenerationJob job;
  GenerationRequest& request = job.request;
  bool has_mask = false;
  reader.read_name("mode", request.mode, kModes);
  reader.read("model", request.model, true);
  reader.read("provider", request.provider);
  reader.read("checkpoint", job.checkpoint);
  reader.read("has_mask", has_mask);
  reader.read_items("warnings", job.warnings, parse_warning);
  reader.read_items("route", job.route, parse_stop);
  request.values = members_of(reader.member("values", true));
  request.unknown = members_of(reader.member("unknown"));
  if (has_mask) request.mask.emplace();
  read_values(request, catalog);
  Result<GenerationJob> finished = reader.finish(std::move(job));
  if (!finished) fail(codes::kInternal, "a stored job cannot be read: " + finished.error().message, 500);
  return *std::move(finished);
}

}  // namespace palimpsest
