#include "shared/api/parse_request.h"

#include <algorithm>

#include "shared/api/constraint.h"
#include "shared/api/picture_input.h"
#include "shared/api/size.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

// A shape that is off by more than this is worth a word: neighbours of the supported sizes are about 6 % apart.
constexpr double kNotableDistortion = 0.06;

// The token of RFC 6901.
std::string pointer_token(const std::string& name) {
  std::string token;
  for (const char c : name) token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return "/" + token;
}

std::string quoted(std::string_view name) {
  return "'" + printable(name, 80) + "'";
}

// Fills a request from named values and collects what is wrong.
class RequestReader {
 public:
  RequestReader(Mode mode, const Catalog& catalog, const ParseOptions& options) : catalog_(catalog), options_(options) {
    request_.mode = mode;
    rules_ = {static_cast<std::size_t>(catalog.limits().max_image_bytes),
              static_cast<std::size_t>(catalog.limits().max_data_url_bytes), options.allow_image_urls};
  }

  void add_json(const std::string& key, const Json& value) {
    if (value.is_null()) return;
    if (key == "images" || key == "image" || key == "mask") {
      const std::string param = key == "images" ? "image" : key;
      if (!is_expected(param)) return;
      return read_pictures(value, param, pointer_token(key), rules_, pictures_of(param), problems_);
    }
    add_value(key, value, [&value](const Parameter& parameter, std::string& pointer) {
      return check_value(parameter, value, pointer);
    });
  }

  void add_field(const FormField& field) {
    const std::string name = field.name.substr(0, field.name.find('['));
    if (name == "image" || name == "mask") {
      if (field.value.empty()) return;  // browsers send an empty file where none is chosen
      if (!is_expected(name)) return;
      return read_picture(field, name, rules_, pictures_of(name), problems_);
    }
    if (field.value.empty()) return;
    if (field.is_file) {
      return add_problem("invalid_type", field.name, quoted(field.name) + " is a file; a text is needed");
    }
    add_value(field.name, Json(field.value), [&field](const Parameter& parameter, std::string& pointer) {
      return check_text(parameter, field.value, pointer);
    });
  }

  void add_problem(const char* code, const std::string& param, std::string message) {
    const std::string pointer = param.empty() ? "" : pointer_token(param);
    problems_.push_back({{code, std::move(message), param}, pointer});
  }

  ParsedRequest finish() && {
    order_values();
    choose_model();
    read_values(request_, catalog_);
    check_required();
    check_size();
    check_pictures();
    warn_of_combinations();
    ParsedRequest parsed{std::nullopt, std::move(problems_), std::move(warnings_)};
    if (parsed.problems.empty()) parsed.request = std::move(request_);
    return parsed;
  }

 private:
  std::vector<InputPicture>& pictures_of(const std::string& param) {
    return param == "mask" ? masks_ : request_.pictures;
  }

  bool has_value(std::string_view name) const {
    return std::any_of(request_.values.begin(), request_.values.end(),
                       [name](const Json::Member& member) { return member.first == name; });
  }

  bool is_refused(std::string_view param) const {
    return std::any_of(problems_.begin(), problems_.end(),
                       [param](const Problem& problem) { return problem.error.param == param; });
  }

  bool is_expected(const std::string& name) {
    const Parameter* parameter = catalog_.find_parameter(name);
    if (parameter == nullptr || parameter->is_for(request_.mode)) return true;
    const bool for_edits = parameter->is_for(Mode::edit);
    add_problem(codes::kUnsupportedParameter, name,
                name + (for_edits ? " is for edits only; use /v1/images/edits" : " is for text to image only"));
    return false;
  }

  template <typename Check>
  void add_value(const std::string& key, const Json& raw, Check check) {
    const Parameter* parameter = catalog_.find_parameter(key);
    if (parameter == nullptr) return add_unknown(key, raw);
    if (!is_expected(parameter->name)) return;
    if (std::find(given_.begin(), given_.end(), parameter->name) != given_.end()) {
      return add_problem(codes::kDuplicateParameter, key, parameter->name + " is given twice");
    }
    given_.push_back(parameter->name);
    std::string pointer = pointer_token(key);
    Result<Json> value = check(*parameter, pointer);
    if (value)
      request_.values.emplace_back(parameter->name, *std::move(value));
    else
      problems_.push_back({value.error(), pointer});
  }

  void add_unknown(const std::string& key, const Json& value) {
    if (first_invalid_utf8(key) != key.size() || key.empty() || key.size() > 128 || has_control_characters(key)) {
      return add_problem("unknown_parameter", "",
                         "A parameter's name is empty, too long or not printable: " + quoted(key));
    }
    const bool is_twice = std::any_of(request_.unknown.begin(), request_.unknown.end(),
                                      [&](const Json::Member& member) { return member.first == key; });
    if (is_twice) return add_problem(codes::kDuplicateParameter, key, quoted(key) + " is given twice");
    if (request_.unknown.size() >= static_cast<std::size_t>(catalog_.limits().max_unknown_parameters)) {
      return add_problem("unknown_parameter", key,
                         "Unknown parameter: " + quoted(key) + ", and more of them than are let pass");
    }
    request_.unknown.emplace_back(key, value);
    const std::string nearest = catalog_.nearest_parameter(key);
    warnings_.push_back(
        {"unknown_parameter", key,
         "Unknown parameter: " + quoted(key) +
             (nearest.empty() ? "; it is passed on to hosted providers only." : "; did you mean '" + nearest + "'?")});
  }

  void order_values() {
    const auto position = [this](const Json::Member& member) { return catalog_.find_parameter(member.first); };
    std::sort(request_.values.begin(), request_.values.end(),
              [&](const Json::Member& a, const Json::Member& b) { return position(a) < position(b); });
    std::sort(request_.unknown.begin(), request_.unknown.end(),
              [](const Json::Member& a, const Json::Member& b) { return a.first < b.first; });
    std::sort(warnings_.begin(), warnings_.end(), [](const Warning& a, const Warning& b) { return a.param < b.param; });
  }

  void choose_model() {
    if (is_refused("model")) return;
    auto given = std::find_if(request_.values.begin(), request_.values.end(),
                              [](const Json::Member& member) { return member.first == "model"; });
    const std::string name = given == request_.values.end() ? catalog_.default_model() : *given->second.as_string();
    Result<ModelChoice> choice = catalog_.choose_model(name, options_.local_models);
    if (!choice) return problems_.push_back({choice.error(), "/model"});
    model_ = choice->model;
    request_.model = choice->id;
    request_.provider = choice->provider;
    if (choice->endpoint == nullptr) return;
    // A model behind its provider means the provider, which may have an endpoint for each mode.
    const bool names_provider = choice->endpoint->key == choice->provider + "/" + choice->id;
    if (names_provider && !choice->endpoint->can(request_.mode) && can_elsewhere(choice->provider)) return;
    request_.endpoint = choice->endpoint->key;
    if (!choice->endpoint->can(request_.mode)) {
      add_problem(codes::kUnsupportedParameter, "model",
                  "The endpoint `" + name + "` does not offer the mode " + std::string(name_of(request_.mode)));
    }
  }

  bool can_elsewhere(const std::string& provider) const {
    return std::any_of(model_->providers.begin(), model_->providers.end(), [&](const ProviderModel& endpoint) {
      return endpoint.provider == provider && endpoint.can(request_.mode);
    });
  }

  void check_required() {
    for (const Parameter& parameter : catalog_.parameters()) {
      if (!parameter.required || !parameter.is_for(request_.mode) || is_refused(parameter.name)) continue;
      const bool is_there =
          parameter.type == ParameterType::image ? !request_.pictures.empty() : has_value(parameter.name);
      if (!is_there) {
        add_problem(codes::kMissingParameter, parameter.name,
                    parameter.name + " is missing; " + constraint_text(parameter) + " is needed");
      }
    }
  }

  void check_size() {
    if (!request_.image.size || request_.ratio) return;
    const RequestLimits limits = request_limits(catalog_, model_);
    for (Error& error : validate_size(*request_.image.size, limits)) {
      const ImageSize nearest = nearest_possible(*request_.image.size, limits);
      error.message += " (the nearest possible size is " + to_string(nearest) + ")";
      problems_.push_back({std::move(error), "/size"});
    }
  }

  void check_pictures() {
    const std::size_t most = request_limits(catalog_, model_).max_images;
    if (request_.pictures.size() > most) {
      add_problem("too_many_images", "image",
                  "image has " + std::to_string(request_.pictures.size()) + " pictures; " + request_.model +
                      " takes at most " + std::to_string(most));
    }
    if (masks_.size() > 1) add_problem(codes::kDuplicateParameter, "mask", "mask is given twice");
    if (!masks_.empty()) request_.mask = std::move(masks_.front());
  }

  void warn(const char* code, const char* param, std::string message) {
    warnings_.push_back({code, param, std::move(message)});
  }

  void warn_of_combinations() {
    const SizeChoice choice{request_.image.size, request_.ratio};
    const Result<SizeChoice> size_text = parse_size(text_of("size"));
    const bool size_wins = size_text && size_text->size;
    for (const char* other : {"aspect_ratio", "resolution"}) {
      if (size_wins && has_value(other)) {
        warn("ignored_parameter", other, std::string(other) + " has no effect because size is given.");
      }
    }
    if (distortion(choice) > kNotableDistortion) {
      warn("changed_value", size_wins ? "size" : "aspect_ratio",
           "The ratio " + choice.ratio->to_string() + " is not among the supported sizes; the nearest is " +
               to_string(*choice.size) + ".");
    }
    const std::string& format = request_.output_format;
    if (request_.output_compression && (format == "png" || format == "gif")) {
      warn("ignored_parameter", "output_compression", "output_compression has no effect on " + format + ".");
    }
    if (request_.partial_images > 0 && !request_.stream) {
      warn("ignored_parameter", "partial_images", "partial_images has no effect without stream.");
    }
    if (!request_.image.negative_prompt.empty() && request_.image.true_cfg_scale <= 1) {
      warn("ignored_parameter", "negative_prompt", "negative_prompt has no effect without true_cfg_scale above 1.");
    }
  }

  std::string text_of(std::string_view name) const {
    for (const auto& [key, value] : request_.values) {
      if (key == name) return value.is_string() ? *value.as_string() : value.dump();
    }
    return "";
  }

  const Catalog& catalog_;
  const ParseOptions& options_;
  PictureRules rules_;
  GenerationRequest request_;
  const Model* model_ = nullptr;
  std::vector<std::string> given_;  // known parameters seen, valid or not
  std::vector<InputPicture> masks_;
  std::vector<Problem> problems_;
  std::vector<Warning> warnings_;
};

JsonLimits body_limits(const CatalogLimits& limits) {
  JsonLimits json;
  json.max_bytes = static_cast<std::size_t>(limits.max_body_bytes);
  json.max_values = 10'000;
  json.max_string_bytes = static_cast<std::size_t>(limits.max_data_url_bytes) + 1024;
  return json;
}

// Browsers and Node write every line end of a form's text as CRLF, whatever it was. Source: HTML standard,
// multipart/form-data encoding.
std::string with_plain_line_ends(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\r\n") != 0) plain += text[i];  // leaves the LF, which comes next
  }
  return plain;
}

}  // namespace

ParsedRequest parse_json_request(std::string_view body, Mode mode, const Catalog& catalog,
                                 const ParseOptions& options) {
  const Result<Json> json = parse_json(body, body_limits(catalog.limits()));
  if (json) return parse_image_request(*json, mode, catalog, options);
  Error error = json.error();
  error.message = "The body cannot be read: " + error.message;
  if (error.code == "json_too_large" || error.code == "json_string_length") error.http_status = 413;
  return {std::nullopt, {{std::move(error), ""}}, {}};
}

ParsedRequest parse_image_request(const Json& body, Mode mode, const Catalog& catalog, const ParseOptions& options) {
  if (!body.is_object()) {
    return {std::nullopt, {{{codes::kInvalidType, "The body must be a JSON object"}, ""}}, {}};
  }
  RequestReader reader(mode, catalog, options);
  for (const auto& [key, value] : *body.as_object()) reader.add_json(key, value);
  return std::move(reader).finish();
}

ParsedRequest parse_form_request(std::span<const FormField> fields, Mode mode, const Catalog& catalog,
                                 const ParseOptions& options) {
  RequestReader reader(mode, catalog, options);
  for (const FormField& field : fields) {
    const bool is_rewritten = !field.is_file && field.value.find("\r\n") != std::string::npos;
    reader.add_field(is_rewritten ? FormField{field.name, with_plain_line_ends(field.value)} : field);
  }
  return std::move(reader).finish();
}

std::vector<Warning> provider_warnings(const GenerationRequest& request, const Catalog& catalog,
                                       std::string_view provider) {
  std::vector<Warning> warnings;
  const auto warn_of = [&](const Parameter* parameter, const Json& value) {
    const ParameterSupport* support = parameter == nullptr ? nullptr : parameter->support_of(provider);
    if (support == nullptr || support->how != Handling::ignored || value == parameter->default_value) return;
    warnings.push_back({"ignored_parameter", parameter->name,
                        parameter->name + " has no effect at " + std::string(provider) +
                            (support->note.empty() ? "." : ": " + support->note + ".")});
  };
  for (const auto& [name, value] : request.values) warn_of(catalog.find_parameter(name), value);
  if (request.mask) warn_of(catalog.find_parameter("mask"), Json(true));
  return warnings;
}

}  // namespace palimpsest
