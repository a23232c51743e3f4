#include "shared/api/wire_openai.h"

#include "shared/catalog/object_reader.h"

namespace palimpsest {
namespace {

void set_if(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json.set(key, value);
}

void set_if(Json& json, const char* key, const std::optional<std::int64_t>& value) {
  if (value) json.set(key, *value);
}

void set_seed(Json& json, std::optional<std::uint64_t> seed) {
  if (!seed) return;
  json.set("seed", *seed);
  json.set("seed_string", std::to_string(*seed));
}

void set_picture(Json& json, const PictureResult& picture) {
  set_if(json, "url", picture.url);
  set_if(json, "b64_json", picture.b64_json);
  set_if(json, "revised_prompt", picture.revised_prompt);
  set_seed(json, picture.seed);
}

Json usage_json(const Usage& usage) {
  const std::int64_t input = usage.text_tokens + usage.image_tokens;
  return Json(Json::Object{{"input_tokens", input},
                           {"output_tokens", usage.output_tokens},
                           {"total_tokens", input + usage.output_tokens},
                           {"input_tokens_details", Json(Json::Object{{"text_tokens", usage.text_tokens},
                                                                      {"image_tokens", usage.image_tokens}})}});
}

std::optional<Usage> read_usage(const Json& json) {
  const Json* usage = json.find("usage");
  if (usage == nullptr || !usage->is_object()) return std::nullopt;
  Usage read;
  if (const Json* tokens = usage->find("output_tokens")) tokens->to_int64(read.output_tokens);
  if (const Json* details = usage->find("input_tokens_details")) {
    if (const Json* tokens = details->find("text_tokens")) tokens->to_int64(read.text_tokens);
    if (const Json* tokens = details->find("image_tokens")) tokens->to_int64(read.image_tokens);
  }
  return read;
}

std::optional<std::uint64_t> read_seed(const Json& json) {
  std::uint64_t seed = 0;
  if (const Json* text = json.find("seed_string"); text != nullptr && text->is_string()) {
    const Result<Json> number = parse_json(*text->as_string());
    if (number && number->to_uint64(seed)) return seed;
  }
  const Json* number = json.find("seed");
  return number != nullptr && number->to_uint64(seed) ? std::optional(seed) : std::nullopt;
}

Result<PictureResult> parse_picture(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  PictureResult picture;
  reader.read("url", picture.url);
  reader.read("b64_json", picture.b64_json);
  reader.read("revised_prompt", picture.revised_prompt);
  picture.seed = read_seed(json);
  if (picture.url.empty() && picture.b64_json.empty()) reader.report("", "has neither url nor b64_json");
  return reader.finish(std::move(picture));
}

Result<Warning> parse_warning(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  Warning warning;
  reader.read("code", warning.code);
  reader.read("param", warning.param);
  reader.read("message", warning.message);
  return reader.finish(std::move(warning));
}

Error upstream_invalid(const Error& error) {
  return {"upstream_invalid", "The answer cannot be read: " + error.message, "", 502};
}

Json::Array strings(const std::vector<std::string>& values) {
  return Json::Array(values.begin(), values.end());
}

Json::Array mode_names(const std::vector<Mode>& modes) {
  Json::Array names;
  for (const Mode mode : modes) names.emplace_back(std::string(name_of(mode)));
  return names;
}

Json endpoint_json(const ProviderModel& endpoint) {
  Json json;
  json.set("config_key", endpoint.key);
  json.set("provider", endpoint.provider);
  json.set("provider_model", endpoint.upstream);
  json.set("modes", mode_names(endpoint.modes));
  if (endpoint.price_micros_usd) {
    json.set("price",
             Json::Object{{"amount_micros", *endpoint.price_micros_usd}, {"currency", "USD"}, {"unit", "image"}});
  } else {
    json.set("price", Json());
  }
  json.set("source", endpoint.source.empty() ? Json() : Json(endpoint.source));
  return json;
}

void set_schema(Json& json, const Catalog& catalog) {
  Json::Array parameters;
  for (const Parameter& parameter : catalog.parameters()) parameters.push_back(to_json(parameter));
  json.set("groups", strings(catalog.groups()));
  json.set("parameters", std::move(parameters));
}

const char* event_family(Mode mode) {
  return mode == Mode::generate ? "image_generation." : "image_edit.";
}

std::string event_name(const ImageEvent& event) {
  switch (event.kind) {
    case ImageEvent::Kind::partial:
      return event_family(event.mode) + std::string("partial_image");
    case ImageEvent::Kind::completed:
      return event_family(event.mode) + std::string("completed");
    case ImageEvent::Kind::progress:
      return "progress";
    case ImageEvent::Kind::failed:
      break;
  }
  return "error";
}

Json progress_json(const ImageEvent& event) {
  Json json;
  json.set("type", "progress");
  json.set("mode", std::string(name_of(event.mode)));
  set_if(json, "job", event.job);
  json.set("step", event.step);
  json.set("steps", event.steps);
  set_if(json, "eta_ms", event.eta_ms);
  set_if(json, "queue_position", event.queue_position);
  set_seed(json, event.picture.seed);
  return json;
}

Json picture_json(const ImageEvent& event) {
  Json json;
  json.set("type", event_name(event));
  set_picture(json, event.picture);
  if (event.kind == ImageEvent::Kind::partial) json.set("partial_image_index", event.index);
  json.set("image_index", event.image_index);
  json.set("created_at", event.created);
  set_if(json, "size", event.size);
  json.set("quality", "auto");
  json.set("background", "opaque");
  set_if(json, "output_format", event.output_format);
  set_if(json, "job", event.job);
  if (event.usage) json.set("usage", usage_json(*event.usage));
  for (const auto& [name, value] : event.more) json.set(name, value);
  return json;
}

// Kind and mode of an event's name; false for other names.
bool read_event_name(const std::string& name, ImageEvent& event) {
  for (const Mode mode : {Mode::generate, Mode::edit}) {
    for (const auto kind : {ImageEvent::Kind::partial, ImageEvent::Kind::completed}) {
      event.mode = mode;
      event.kind = kind;
      if (event_name(event) == name) return true;
    }
  }
  event.kind = ImageEvent::Kind::progress;
  return name == "progress";
}

void read_members(ObjectReader& reader, ImageEvent& event) {
  reader.read("job", event.job);
  if (event.kind == ImageEvent::Kind::progress) {
    std::string mode;
    reader.read("mode", mode);
    event.mode = mode == "edit" ? Mode::edit : Mode::generate;
    reader.read("step", event.step);
    reader.read("steps", event.steps);
    reader.read("eta_ms", event.eta_ms);
    return reader.read("queue_position", event.queue_position);
  }
  reader.read("url", event.picture.url);
  reader.read("b64_json", event.picture.b64_json);
  reader.read("revised_prompt", event.picture.revised_prompt);
  reader.read("partial_image_index", event.index);
  reader.read("image_index", event.image_index);
  reader.read("created", event.created);  // some services' name of it
  reader.read("created_at", event.created);
  reader.read("size", event.size);
  reader.read("output_format", event.output_format);
  if (event.picture.url.empty() && event.picture.b64_json.empty()) reader.report("", "has neither url nor b64_json");
}

}  // namespace

Json to_json(const std::vector<Warning>& warnings) {
  Json::Array all;
  for (const Warning& warning : warnings) {
    all.emplace_back(Json::Object{{"code", warning.code}, {"param", warning.param}, {"message", warning.message}});
  }
  return Json(std::move(all));
}

Json to_json(const ImagesResult& result) {
  Json json;
  json.set("created", result.created);
  Json::Array data;
  for (const PictureResult& picture : result.pictures) {
    Json item{Json::Object{}};
    set_picture(item, picture);
    data.push_back(std::move(item));
  }
  json.set("data", std::move(data));
  set_if(json, "output_format", result.output_format);
  set_if(json, "size", result.size);
  set_if(json, "model", result.model);
  set_if(json, "provider", result.provider);
  set_if(json, "checkpoint", result.checkpoint);
  set_if(json, "size_plan", result.size_plan);
  set_if(json, "cost_micros_usd", result.cost_micros_usd);
  set_if(json, "duration_ms", result.duration_ms);
  if (result.usage) json.set("usage", usage_json(*result.usage));
  json.set("warnings", to_json(result.warnings));
  return json;
}

Result<ImagesResult> parse_images_result(const Json& json) {
  ObjectReader reader(json, "");
  ImagesResult result;
  reader.read("created", result.created);
  reader.read_items("data", result.pictures, parse_picture, true);
  reader.read("output_format", result.output_format);
  reader.read("size", result.size);
  reader.read("model", result.model);
  reader.read("provider", result.provider);
  reader.read("checkpoint", result.checkpoint);
  reader.read("size_plan", result.size_plan);
  reader.read("cost_micros_usd", result.cost_micros_usd);
  reader.read("duration_ms", result.duration_ms);
  reader.read_items("warnings", result.warnings, parse_warning);
  result.usage = read_usage(json);
  Result<ImagesResult> finished = reader.finish(std::move(result));
  if (!finished) return upstream_invalid(finished.error());
  return finished;
}

Json model_object(const Model& model, const Catalog& catalog, bool with_schema) {
  Json json;
  json.set("id", model.id);
  json.set("object", "model");
  json.set("created", model.created);
  json.set("owned_by", model.creator);
  json.set("name", model.name);
  json.set("description", model.description);
  json.set("family", model.family);
  json.set("creator", model.creator);
  json.set("status", model.status);
  json.set("aliases", strings(model.aliases));
  json.set("tags", strings(model.tags));
  json.set("input_modalities", strings(model.input_modalities));
  json.set("output_modalities", strings(model.output_modalities));
  json.set("supported_modes", mode_names(model.modes));
  json.set("max_resolution", std::to_string(model.max_width) + "x" + std::to_string(model.max_height));
  json.set("max_input_images", model.max_input_images);
  Json::Array providers;
  for (const ProviderModel& endpoint : model.providers) providers.push_back(endpoint_json(endpoint));
  json.set("providers", std::move(providers));
  if (with_schema) set_schema(json, catalog);
  return json;
}

Json local_model_object(std::string_view id, const Catalog& catalog, bool with_schema) {
  Json json;
  json.set("id", std::string(id));
  json.set("object", "model");
  json.set("created", std::int64_t{0});
  json.set("owned_by", "local");
  json.set("supported_modes", mode_names({Mode::generate, Mode::edit}));
  if (with_schema) set_schema(json, catalog);
  return json;
}

Json list_object(Json::Array data) {
  return Json(Json::Object{{"object", "list"}, {"data", std::move(data)}});
}

Result<std::vector<Parameter>> parse_schema(const Json& model_object) {
  ObjectReader reader(model_object, "");
  std::vector<Parameter> parameters;
  reader.read_items("parameters", parameters, parse_parameter, true);
  return reader.finish(std::move(parameters));
}

bool ImageEvent::operator==(const ImageEvent& other) const {
  return to_sse(*this) == to_sse(other);
}

SseEvent to_sse(const ImageEvent& event) {
  Json json;
  if (event.kind == ImageEvent::Kind::failed) {
    json = error_body({{event.error.value_or(Error{std::string(codes::kInternal), "unknown error", "", 500}), ""}});
  } else {
    json = event.kind == ImageEvent::Kind::progress ? progress_json(event) : picture_json(event);
  }
  return {event_name(event), json.dump(), ""};
}

Result<std::optional<ImageEvent>> parse_image_event(const SseEvent& event) {
  if (event.data.rfind("[DONE]", 0) == 0) return std::optional<ImageEvent>();
  JsonLimits limits;
  limits.max_bytes = limits.max_string_bytes = std::size_t{96} << 20;
  const Result<Json> json = parse_json(event.data, limits);
  if (!json) return upstream_invalid(json.error());
  ImageEvent read;
  const Json* error = json->find("error");
  if (event.event == "error" || (error != nullptr && !error->is_null())) {
    read.kind = ImageEvent::Kind::failed;
    read.error = parse_error_body(*json, 502);
    return std::optional(read);
  }
  const Json* type = json->find("type");
  const std::string name = type != nullptr && type->is_string() ? *type->as_string() : event.event;
  if (!read_event_name(name, read)) return std::optional<ImageEvent>();
  ObjectReader reader(*json, "");
  read_members(reader, read);
  read.picture.seed = read_seed(*json);
  read.usage = read_usage(*json);
  Result<ImageEvent> finished = reader.finish(std::move(read));
  if (!finished) return upstream_invalid(finished.error());
  return std::optional(*std::move(finished));
}

}  // namespace palimpsest
