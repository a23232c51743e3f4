#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/catalog/parameter.h"

namespace palimpsest {

/// A model at one provider's endpoint.
struct ProviderModel {
  std::string key;       ///< `fal/flux.1-kontext-max-edit`: pins this endpoint where a request names it as its model
  std::string provider;  ///< id of a Provider
  std::string upstream;  ///< the provider's own name of the model
  std::vector<Mode> modes;
  std::optional<std::int64_t> price_micros_usd;  ///< of one picture; absent: not known
  std::string source;                            ///< URL of where this comes from

  bool can(Mode mode) const;
};

struct Model {
  std::string id;
  std::vector<std::string> aliases;
  std::string name, description, family, creator, status;
  std::int64_t created = 0;  ///< publication, Unix seconds
  std::vector<std::string> tags, input_modalities, output_modalities;
  std::vector<Mode> modes;
  std::int64_t max_width = 0, max_height = 0;  ///< of a result, in pixels
  std::int64_t max_input_images = 0;
  std::vector<ProviderModel> providers;

  bool answers_to(std::string_view name_or_alias) const;
};

/// Who can answer, and how it is spoken to.
struct Provider {
  std::string id, name, description;
  std::string dialect;                           ///< `local`, `fal`, `fireworks`, `replicate`, `bfl` or `openai`
  std::string base_url;                          ///< empty: this program, or an address that the operator names
  std::string submit_path, result_path;          ///< behind base_url; `{upstream}` stands for the endpoint's name
  std::string key_variable;                      ///< environment variable with its key
  std::string key_header, key_prefix;            ///< `Authorization`, `Bearer `
  std::vector<std::string> api_domains;          ///< where the key may go and returned addresses to poll may lead
  std::vector<std::string> result_domains;       ///< where finished pictures may lie; empty: any public host
  std::string picture_form;                      ///< `data_url`, `base64` or `file`
  std::optional<std::int64_t> max_inline_bytes;  ///< of an input picture inside of a body
  std::int64_t poll_interval_ms = 500;
  std::int64_t patience_s = 300;              ///< how long one picture may take
  std::int64_t max_active_calls = 1;          ///< that one job has there at a time
  std::vector<std::int64_t> unpaid_statuses;  ///< 5xx to a submission with which nothing was begun; 4xx always are such
  std::vector<std::string> moderation_words;  ///< parts of an error's code or text that say it was moderation
  std::int64_t max_images_a_call = 1;
  std::vector<std::string> output_formats;
  std::vector<std::string> aspect_ratios;  ///< the only ratios taken, where not empty
  std::string widest_ratio;                ///< the limit of any ratio, upright as well; empty: none
  std::string source;
};

struct CatalogLimits {
  std::int64_t max_body_bytes = 0;
  std::int64_t max_image_bytes = 0;     ///< of one picture's file
  std::int64_t max_data_url_bytes = 0;  ///< of one picture in a JSON body, as written
  std::int64_t max_unknown_parameters = 0;
  std::int64_t min_side = 0;       ///< of a result, in pixels
  std::int64_t side_multiple = 0;  ///< that sides of a result must be of
};

/// Which model a request names.
struct ModelChoice {
  const Model* model = nullptr;             ///< nullptr: a folder of the local engine that the catalogue does not know
  std::string id;                           ///< the model's id, or `local/<name>`
  std::string provider;                     ///< the provider it is pinned to; empty: the router chooses
  const ProviderModel* endpoint = nullptr;  ///< where one provider key was named exactly
};

/// All that catalog.json says.
class Catalog {
 public:
  /// Reads the text of a catalogue. Errors: parse_json's; `catalog_invalid` with the JSON pointer for what is missing,
  /// has a wrong type, occurs twice or refers to something that does not exist.
  static Result<Catalog> parse(std::string_view text);

  const std::string& default_model() const { return default_model_; }
  const std::vector<std::string>& groups() const { return groups_; }
  const CatalogLimits& limits() const { return limits_; }
  const std::vector<Model>& models() const { return models_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const std::vector<Provider>& providers() const { return providers_; }

  /// By id or alias; nullptr where there is none.
  const Model* find_model(std::string_view name) const;
  /// By name or alias; nullptr where there is none.
  const Parameter* find_parameter(std::string_view name) const;
  const Provider* find_provider(std::string_view id) const;

  /// The model of an id, an alias, a provider's key or either behind `provider/`; any other `local/<name>` is taken as
  /// a folder's name, which the server checks. Errors: `model_not_found`, 404, with the nearest name, which is also
  /// looked for in `local_names`.
  Result<ModelChoice> choose_model(std::string_view name, std::span<const std::string> local_names = {}) const;

  /// The parameter's name or alias that is nearest to a name mistyped; empty where none is near.
  std::string nearest_parameter(std::string_view name) const;

 private:
  std::optional<Error> first_inconsistency() const;
  Error model_not_found(std::string_view name, std::span<const std::string> local_names) const;

  std::string default_model_;
  std::vector<std::string> groups_;
  CatalogLimits limits_;
  std::vector<Model> models_;
  std::vector<Parameter> parameters_;
  std::vector<Provider> providers_;
};

/// The catalogue in this program, and its text.
const Catalog& built_in_catalog();
std::string_view built_in_catalog_text();

}  // namespace palimpsest
