#include "shared/catalog/catalog.h"

#include <algorithm>
#include <set>
#include <utility>

#include "shared/base/utf8.h"
#include "shared/catalog/nearest_name.h"
#include "shared/catalog/object_reader.h"

namespace palimpsest {
namespace {

Result<ProviderModel> parse_provider_model(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  ProviderModel model;
  reader.read("key", model.key, true);
  reader.read("provider", model.provider, true);
  reader.read("upstream", model.upstream, true);
  reader.read_items("modes", model.modes, parse_mode, true);
  reader.read("price_micros_usd", model.price_micros_usd);
  reader.read("source", model.source);
  return reader.finish(std::move(model));
}

Result<Model> parse_model(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  Model model;
  reader.read("id", model.id, true);
  reader.read("aliases", model.aliases);
  reader.read("name", model.name, true);
  reader.read("description", model.description);
  reader.read("family", model.family);
  reader.read("creator", model.creator);
  reader.read("status", model.status);
  reader.read("created", model.created);
  reader.read("tags", model.tags);
  reader.read("input_modalities", model.input_modalities);
  reader.read("output_modalities", model.output_modalities);
  reader.read_items("modes", model.modes, parse_mode, true);
  reader.read("max_width", model.max_width, true);
  reader.read("max_height", model.max_height, true);
  reader.read("max_input_images", model.max_input_images, true);
  reader.read_items("providers", model.providers, parse_provider_model);
  return reader.finish(std::move(model));
}

Result<std::int64_t> parse_integer(const Json& json, const std::string& pointer) {
  std::int64_t value = 0;
  if (json.to_int64(value)) return value;
  return Error{"catalog_invalid", pointer + ": an integer is needed"};
}

Result<Provider> parse_provider(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  Provider provider;
  reader.read("id", provider.id, true);
  reader.read("name", provider.name, true);
  reader.read("description", provider.description);
  reader.read("dialect", provider.dialect, true);
  reader.read("base_url", provider.base_url);
  reader.read("submit_path", provider.submit_path);
  reader.read("result_path", provider.result_path);
  reader.read("key_variable", provider.key_variable);
  reader.read("key_header", provider.key_header);
  reader.read("key_prefix", provider.key_prefix);
  reader.read("api_domains", provider.api_domains);
  reader.read("result_domains", provider.result_domains);
  reader.read("picture_form", provider.picture_form);
  reader.read("max_inline_bytes", provider.max_inline_bytes);
  reader.read("poll_interval_ms", provider.poll_interval_ms);
  reader.read("patience_s", provider.patience_s);
  reader.read("max_active_calls", provider.max_active_calls);
  reader.read_items("unpaid_statuses", provider.unpaid_statuses, parse_integer);
  reader.read("moderation_words", provider.moderation_words);
  reader.read("max_images_a_call", provider.max_images_a_call, true);
  reader.read("output_formats", provider.output_formats, true);
  reader.read("aspect_ratios", provider.aspect_ratios);
  reader.read("widest_ratio", provider.widest_ratio);
  reader.read("source", provider.source);
  return reader.finish(std::move(provider));
}

Result<CatalogLimits> parse_limits(const Json& json) {
  ObjectReader reader(json, "/limits");
  CatalogLimits limits;
  for (const auto& [key, out] : {std::pair<const char*, std::int64_t*>{"max_body_bytes", &limits.max_body_bytes},
                                 {"max_image_bytes", &limits.max_image_bytes},
                                 {"max_data_url_bytes", &limits.max_data_url_bytes},
                                 {"max_unknown_parameters", &limits.max_unknown_parameters},
                                 {"min_side", &limits.min_side},
                                 {"side_multiple", &limits.side_multiple}}) {
    reader.read(key, *out, true);
    if (*out < 1) reader.report(key, "a positive number is needed");
  }
  return reader.finish(limits);
}

// Collects names and remembers the first that occurs twice.
class UniqueNames {
 public:
  void add(const std::string& name) {
    if (!seen_.insert(name).second && twice_.empty()) twice_ = name;
  }
  void add(const std::string& name, const std::vector<std::string>& aliases) {
    add(name);
    for (const std::string& alias : aliases) add(alias);
  }
  const std::string& twice() const { return twice_; }

 private:
  std::set<std::string> seen_;
  std::string twice_;
};

Error inconsistent(const std::string& problem) {
  return {"catalog_invalid", problem};
}

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// What is wrong with how a hosted provider is spoken to.
std::optional<Error> provider_problem(const Provider& provider) {
  static const std::vector<std::string> dialects = {"local", "fal", "fireworks", "replicate", "bfl", "openai"};
  static const std::vector<std::string> forms = {"data_url", "base64", "file"};
  if (!contains(dialects, provider.dialect)) return inconsistent(provider.id + ": unknown dialect");
  if (provider.dialect == "local") return std::nullopt;
  if (provider.key_header.empty() || provider.key_variable.empty()) {
    return inconsistent(provider.id + ": does not say where its key comes from and goes");
  }
  if (!contains(forms, provider.picture_form)) return inconsistent(provider.id + ": unknown picture_form");
  if (!provider.base_url.empty() && (provider.base_url.rfind("https://", 0) != 0 || provider.api_domains.empty())) {
    return inconsistent(provider.id + ": base_url must begin with https:// and lie in api_domains");
  }
  return std::nullopt;
}

bool is_folder_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && first_invalid_utf8(name) == name.size() &&
         !has_control_characters(name) && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find('\\') == std::string_view::npos;
}

}  // namespace

std::string_view embedded_catalog_json();  // written by cmake/embedding.cmake

bool ProviderModel::can(Mode mode) const {
  return std::find(modes.begin(), modes.end(), mode) != modes.end();
}

bool Model::answers_to(std::string_view name_or_alias) const {
  return name_or_alias == id || std::find(aliases.begin(), aliases.end(), name_or_alias) != aliases.end();
}

Result<Catalog> Catalog::parse(std::string_view text) {
  const Result<Json> json = parse_json(text);
  if (!json) return json.error();
  ObjectReader reader(*json, "");
  Catalog catalog;
  reader.read("default_model", catalog.default_model_, true);
  reader.read("groups", catalog.groups_, true);
  if (const Json* limits = reader.member("limits", true)) {
    Result<CatalogLimits> parsed = parse_limits(*limits);
    if (!parsed) return parsed.error();
    catalog.limits_ = *parsed;
  }
  reader.read_items("providers", catalog.providers_, parse_provider, true);
  reader.read_items("models", catalog.models_, parse_model, true);
  reader.read_items("parameters", catalog.parameters_, parse_parameter, true);
  if (std::optional<Error> problem = catalog.first_inconsistency()) reader.keep(*std::move(problem));
  return reader.finish(std::move(catalog));
}

std::optional<Error> Catalog::first_inconsistency() const {
  UniqueNames models, parameters, providers, keys;
  for (const Provider& provider : providers_) {
    providers.add(provider.id);
    if (std::optional<Error> problem = provider_problem(provider)) return problem;
  }
  for (const Model& model : models_) {
    models.add(model.id, model.aliases);
    for (const ProviderModel& endpoint : model.providers) {
      keys.add(endpoint.key);
      if (find_provider(endpoint.provider) == nullptr) return inconsistent(endpoint.key + ": unknown provider");
      if (endpoint.key.rfind(endpoint.provider + "/", 0) != 0) {
        return inconsistent(endpoint.key + ": does not begin with its provider");
      }
    }
  }
  for (const Parameter& parameter : parameters_) {
    parameters.add(parameter.name, parameter.aliases);
    if (!contains(groups_, parameter.group)) return inconsistent(parameter.name + ": unknown group");
    for (const ParameterSupport& support : parameter.support) {
      if (find_provider(support.provider) == nullptr) return inconsistent(parameter.name + ": unknown provider");
    }
    for (const Provider& provider : providers_) {
      if (parameter.support_of(provider.id) == nullptr) {
        return inconsistent(parameter.name + ": says nothing about " + provider.id);
      }
    }
  }
  for (const UniqueNames* names : {&models, &parameters, &providers, &keys}) {
    if (!names->twice().empty()) return inconsistent("the name " + names->twice() + " occurs twice");
  }
  if (find_model(default_model_) == nullptr) return inconsistent("default_model is not a model");
  return std::nullopt;
}

const Model* Catalog::find_model(std::string_view name) const {
  const auto found =
      std::find_if(models_.begin(), models_.end(), [name](const Model& model) { return model.answers_to(name); });
  return found == models_.end() ? nullptr : &*found;
}

const Parameter* Catalog::find_parameter(std::string_view name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [name](const Parameter& parameter) { return parameter.answers_to(name); });
  return found == parameters_.end() ? nullptr : &*found;
}

const Provider* Catalog::find_provider(std::string_view id) const {
  const auto found =
      std::find_if(providers_.begin(), providers_.end(), [id](const Provider& provider) { return provider.id == id; });
  return found == providers_.end() ? nullptr : &*found;
}

Result<ModelChoice> Catalog::choose_model(std::string_view name, std::span<const std::string> local_names) const {
  if (const Model* model = find_model(name)) return ModelChoice{model, model->id, "", nullptr};
  for (const Model& model : models_) {
    for (const ProviderModel& endpoint : model.providers) {
      if (endpoint.key == name) return ModelChoice{&model, model.id, endpoint.provider, &endpoint};
    }
  }
  const std::size_t slash = name.find('/');
  const std::string_view prefix = name.substr(0, slash);
  if (slash != std::string_view::npos) {
    const std::string_view rest = name.substr(slash + 1);
    if (const Model* model = find_model(rest)) {
      const bool is_served = std::any_of(model->providers.begin(), model->providers.end(),
                                         [&](const ProviderModel& endpoint) { return endpoint.provider == prefix; });
      if (is_served) return ModelChoice{model, model->id, std::string(prefix), nullptr};
    }
    if (prefix == "local" && is_folder_name(rest)) return ModelChoice{nullptr, std::string(name), "local", nullptr};
  }
  return model_not_found(name, local_names);
}

Error Catalog::model_not_found(std::string_view name, std::span<const std::string> local_names) const {
  std::vector<std::string> known(local_names.begin(), local_names.end());
  for (const Model& model : models_) {
    known.push_back(model.id);
    known.insert(known.end(), model.aliases.begin(), model.aliases.end());
    for (const ProviderModel& endpoint : model.providers) known.push_back(endpoint.key);
  }
  const std::string nearest = nearest_name(name, known);
  std::string message = "The model `" + printable(name) + "` does not exist";
  message += nearest.empty() ? "; GET /v1/models lists those that do." : "; did you mean `" + nearest + "`?";
  return Error{"model_not_found", std::move(message), "model", 404};
}

std::string Catalog::nearest_parameter(std::string_view name) const {
  std::vector<std::string> known;
  for (const Parameter& parameter : parameters_) {
    known.push_back(parameter.name);
    known.insert(known.end(), parameter.aliases.begin(), parameter.aliases.end());
  }
  return nearest_name(name, known);
}

std::string_view built_in_catalog_text() {
  return embedded_catalog_json();
}

const Catalog& built_in_catalog() {
  static const Catalog catalog = Catalog::parse(built_in_catalog_text()).value_or_throw();
  return catalog;
}

}  // namespace palimpsest
