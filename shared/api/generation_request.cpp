#include "shared/api/generation_request.h"

#include <algorithm>
#include <array>

#include "shared/base/sha256.h"
#include "shared/image/base64.h"

namespace palimpsest {
namespace {

// Reads checked values by name, or the catalogue's defaults.
class Values {
 public:
  Values(const Json::Object& values, const Catalog& catalog) : values_(values), catalog_(catalog) {}

  // null where there is neither value nor default.
  const Json& operator[](std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return value;
    }
    static const Json none;
    const Parameter* parameter = catalog_.find_parameter(name);
    return parameter == nullptr ? none : parameter->default_value;
  }

  std::string text(std::string_view name) const {
    const std::string* value = (*this)[name].as_string();
    return value == nullptr ? "" : *value;
  }
  bool flag(std::string_view name) const {
    const bool* value = (*this)[name].as_bool();
    return value != nullptr && *value;
  }
  std::optional<std::int64_t> integer(std::string_view name) const {
    std::int64_t value = 0;
    return (*this)[name].to_int64(value) ? std::optional(value) : std::nullopt;
  }
  std::optional<double> number(std::string_view name) const {
    double value = 0;
    return (*this)[name].to_double(value) ? std::optional(value) : std::nullopt;
  }

 private:
  const Json::Object& values_;
  const Catalog& catalog_;
};

template <typename Enum, std::size_t N>
Enum named(const std::string& name, const std::array<Enum, N>& all, Enum otherwise) {
  const auto found = std::find_if(all.begin(), all.end(), [&](Enum value) { return name_of(value) == name; });
  return found == all.end() ? otherwise : *found;
}

SizeChoice size_choice(const Values& values) {
  const Result<SizeChoice> size = parse_size(values.text("size"));
  if (size && size->size) return *size;
  const Result<AspectRatio> ratio = parse_aspect_ratio(values.text("aspect_ratio"));
  return ratio ? choice_of_ratio(*ratio) : SizeChoice{};
}

void read_image(ImageRequest& image, const Values& values) {
  image.prompt = values.text("prompt");
  image.negative_prompt = values.text("negative_prompt");
  image.n = values.integer("n").value_or(1);
  std::uint64_t seed = 0;
  if (values["seed"].to_uint64(seed)) image.seed = seed;
  image.steps = values.integer("steps");
  image.guidance = values.number("cfg_scale");
  image.true_cfg_scale = values.number("true_cfg_scale").value_or(1);
  image.rng = named(values.text("rng"), std::array{Rng::philox, Rng::torch_cpu, Rng::torch_cpu_bf16}, Rng::philox);
  image.fit = named(values.text("fit"), std::array{Fit::stretch, Fit::pad, Fit::crop}, Fit::stretch);
}

std::vector<LoraChoice> read_loras(const Json& json) {
  std::vector<LoraChoice> loras;
  if (!json.is_array()) return loras;
  for (const Json& item : *json.as_array()) {
    LoraChoice lora;
    if (const Json* name = item.find("name"); name != nullptr && name->is_string()) lora.name = *name->as_string();
    if (const Json* scale = item.find("scale")) scale->to_double(lora.scale);
    loras.push_back(std::move(lora));
  }
  return loras;
}

void read_output(GenerationRequest& request, const Values& values) {
  request.output_format = values.text("output_format");
  request.output_compression = values.integer("output_compression");
  const std::string format = values.text("response_format");
  request.response_format = format == "url"        ? ResponseFormat::url
                            : format == "b64_json" ? ResponseFormat::b64_json
                                                   : ResponseFormat::both;
  request.stream = values.flag("stream");
  request.partial_images = values.integer("partial_images").value_or(0);
  request.sync_mode = values.flag("sync_mode");
}

Json picture_form(const InputPicture& picture) {
  if (!picture.url.empty()) return Json(Json::Object{{"url", picture.url}});
  return Json(Json::Object{{"sha256", sha256_hex(picture.bytes)}});
}

std::string picture_url(const InputPicture& picture) {
  if (!picture.url.empty()) return picture.url;
  return "data:" + picture.media_type + ";base64," + encode_base64(picture.bytes);
}

FormField file_field(const char* name, const InputPicture& picture) {
  if (!picture.url.empty()) return {name, picture.url};
  return {name, picture.bytes, true, picture.file_name};
}

}  // namespace

void read_values(GenerationRequest& request, const Catalog& catalog) {
  const Values values(request.values, catalog);
  read_image(request.image, values);
  const SizeChoice choice = size_choice(values);
  request.image.size = choice.size;
  request.ratio = choice.ratio;
  request.strength = values.number("strength").value_or(1);
  request.sampler = values.text("sampler");
  request.scheduler = values.text("scheduler");
  request.loras = read_loras(values["loras"]);
  request.enhance_prompt = values.flag("enhance_prompt") || values.flag("prompt_upsampling");
  request.safety_tolerance = values.text("safety_tolerance");
  request.user = values.text("user");
  read_output(request, values);
}

Json normal_form(const GenerationRequest& request, const Catalog& catalog) {
  Json form;
  form.set("mode", std::string(name_of(request.mode)));
  form.set("model", request.model);
  if (!request.provider.empty()) form.set("provider", request.provider);
  if (!request.endpoint.empty()) form.set("endpoint", request.endpoint);
  for (const auto& [name, value] : request.values) {
    const Parameter* parameter = catalog.find_parameter(name);
    double given = 0, usual = 0;  // 1 and 1.0 are one number
    const bool same_number =
        parameter != nullptr && value.to_double(given) && parameter->default_value.to_double(usual) && given == usual;
    if (name != "model" && !same_number && (parameter == nullptr || value != parameter->default_value)) {
      form.set(name, value);
    }
  }
  if (!request.unknown.empty()) form.set("unknown", request.unknown);
  Json::Array pictures;
  for (const InputPicture& picture : request.pictures) pictures.push_back(picture_form(picture));
  if (!pictures.empty()) form.set("images", std::move(pictures));
  if (request.mask) form.set("mask", picture_form(*request.mask));
  return form;
}

RequestLimits request_limits(const Catalog& catalog, const Model* model) {
  RequestLimits limits;
  const auto maximum = [&](std::string_view name, double otherwise) {
    const Parameter* parameter = catalog.find_parameter(name);
    return parameter == nullptr ? otherwise : parameter->maximum.value_or(otherwise);
  };
  limits.max_n = static_cast<std::int64_t>(maximum("n", static_cast<double>(limits.max_n)));
  limits.max_steps = static_cast<std::int64_t>(maximum("steps", static_cast<double>(limits.max_steps)));
  limits.max_guidance = maximum("cfg_scale", limits.max_guidance);
  limits.min_side = static_cast<int>(catalog.limits().min_side);
  limits.side_multiple = static_cast<int>(catalog.limits().side_multiple);
  if (const Parameter* prompt = catalog.find_parameter("prompt")) {
    limits.max_prompt_bytes =
        static_cast<std::size_t>(prompt->max_bytes.value_or(static_cast<std::int64_t>(limits.max_prompt_bytes)));
  }
  if (model != nullptr) {
    limits.max_side = static_cast<int>(std::min(model->max_width, model->max_height));
    limits.max_images = static_cast<std::size_t>(model->max_input_images);
  }
  return limits;
}

Json to_json_body(const GenerationRequest& request) {
  Json body{Json::Object{}};
  for (const auto& [name, value] : request.values) body.set(name, value);
  for (const auto& [name, value] : request.unknown) body.set(name, value);
  Json::Array images;
  for (const InputPicture& picture : request.pictures) {
    images.emplace_back(Json::Object{{"image_url", picture_url(picture)}});
  }
  if (!images.empty()) body.set("images", std::move(images));
  if (request.mask) body.set("mask", Json::Object{{"image_url", picture_url(*request.mask)}});
  return body;
}

std::vector<FormField> to_form_fields(const GenerationRequest& request) {
  std::vector<FormField> fields;
  for (const InputPicture& picture : request.pictures) {
    fields.push_back(file_field(request.pictures.size() > 1 ? "image[]" : "image", picture));
  }
  if (request.mask) fields.push_back(file_field("mask", *request.mask));
  for (const Json::Object* values : {&request.values, &request.unknown}) {
    for (const auto& [name, value] : *values) {
      fields.push_back({name, value.is_string() ? *value.as_string() : value.dump()});
    }
  }
  return fields;
}

}  // namespace palimpsest
