#include "native/providers/upstream_values.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "shared/api/size_choice.h"
#include "shared/image/base64.h"

namespace palimpsest {
namespace {

double log_ratio(const AspectRatio& ratio) {
  return std::log(static_cast<double>(ratio.width) / static_cast<double>(ratio.height));
}

std::optional<AspectRatio> ratio_asked_for(const GenerationRequest& request) {
  if (request.ratio) return request.ratio;
  if (!request.image.size) return std::nullopt;
  const std::int64_t width = request.image.size->width, height = request.image.size->height;
  const std::int64_t divisor = std::gcd(width, height);
  return AspectRatio{width / divisor, height / divisor};
}

std::string nearest_ratio(const AspectRatio& wanted, const std::vector<std::string>& offered) {
  const auto distance = [&](const std::string& text) {
    const Result<AspectRatio> ratio = parse_aspect_ratio(text);
    return ratio ? std::abs(log_ratio(*ratio) - log_ratio(wanted)) : HUGE_VAL;
  };
  return *std::min_element(offered.begin(), offered.end(),
                           [&](const std::string& a, const std::string& b) { return distance(a) < distance(b); });
}

bool has_picture(const GenerationRequest& request) {
  return request.mode == Mode::edit;
}

Json integer_of(const Json& value) {
  if (!value.is_string()) return value;
  const Result<Json> number = parse_json(*value.as_string());
  return number && number->is_integer() ? *number : value;
}

/// The value within the provider's limits.
Json within(const Json& value, const ParameterSupport& support, bool is_edit) {
  double number = 0;
  if (!value.to_double(number)) return value;
  double limited = number;
  if (support.minimum) limited = std::max(limited, *support.minimum);
  if (support.maximum) limited = std::min(limited, *support.maximum);
  if (is_edit && support.edit_maximum) limited = std::min(limited, *support.edit_maximum);
  if (limited == number) return value;
  return limited == std::floor(limited) ? Json(static_cast<std::int64_t>(limited)) : Json(limited);
}

/// Collects the members for one provider.
class Collector {
 public:
  Collector(const Provider& provider, const PictureCall& call, UpstreamValues& out)
      : provider_(provider), call_(call), out_(out) {}

  void add(const Parameter& parameter) {
    const ParameterSupport* support = parameter.support_of(provider_.id);
    if (support == nullptr || !parameter.is_for(call_.request.mode) || parameter.type == ParameterType::image) return;
    const std::string& name = support->name.empty() ? parameter.name : support->name;
    if (!support->fixed.empty()) return set(name, support->fixed);
    if (support->how == Handling::ignored || support->how == Handling::emulated) return;
    if (parameter.name == "seed") return set(name, seed(*support));
    if (parameter.name == "n") return call_.n > 1 ? set(name, call_.n) : void();
    if (support->as == "ratio") return add_ratio(name);
    const Json* given = value_of(parameter.name);
    if (given == nullptr || parameter.name == "model") return;
    const bool is_flag_off = given->as_bool() != nullptr && !*given->as_bool();
    if (is_flag_off && has(name)) return;  // two of our names for one of theirs: either turns it on
    add_value(parameter, name, *support, *given);
  }

  /// What the catalogue does not know is passed on, but for what would have the provider call somebody else.
  void add_unknown() {
    for (const auto& [name, value] : call_.request.unknown) {
      if (!has(name) && name.rfind("webhook", 0) != 0) set(name, value);
    }
  }

 private:
  void add_value(const Parameter& parameter, const std::string& name, const ParameterSupport& support,
                 const Json& given) {
    const Json wanted = support.as == "integer" ? integer_of(given) : given;
    const Json sent = within(wanted, support, has_picture(call_.request));
    if (sent != wanted) {
      out_.changes.push_back({"changed_value", parameter.name,
                              parameter.name + " is " + wanted.dump() + "; " + provider_.name + " gets " + sent.dump() +
                                  ", the nearest that it takes."});
    }
    set(name, sent);
  }

  void add_ratio(const std::string& name) {
    if (const auto ratio = upstream_ratio(provider_, call_.request)) set(name, *ratio);
  }

  Json seed(const ParameterSupport& support) const {
    return support.as == "low_32_bits" ? Json(call_.seed & 0xffffffffU) : Json(call_.seed);
  }

  const Json* value_of(const std::string& name) const {
    for (const auto& [key, value] : call_.request.values) {
      if (key == name) return &value;
    }
    return nullptr;
  }

  bool has(const std::string& name) const {
    return std::any_of(out_.members.begin(), out_.members.end(),
                       [&](const auto& member) { return member.first == name; });
  }

  void set(const std::string& name, Json value) {
    for (auto& [key, old] : out_.members) {
      if (key != name) continue;
      old = std::move(value);
      return;
    }
    out_.members.emplace_back(name, std::move(value));
  }

  const Provider& provider_;
  const PictureCall& call_;
  UpstreamValues& out_;
};

std::string picture_text(const Provider& provider, const InputPicture& picture) {
  const std::string base64 = encode_base64(picture.bytes);
  return provider.picture_form == "base64" ? base64 : "data:" + picture.media_type + ";base64," + base64;
}

}  // namespace

std::optional<std::string> upstream_ratio(const Provider& provider, const GenerationRequest& request) {
  const std::optional<AspectRatio> wanted = ratio_asked_for(request);
  if (!wanted) return std::nullopt;
  if (!provider.aspect_ratios.empty()) return nearest_ratio(*wanted, provider.aspect_ratios);
  const Result<AspectRatio> widest = parse_aspect_ratio(provider.widest_ratio);
  if (!widest || std::abs(log_ratio(*wanted)) <= log_ratio(*widest)) return wanted->to_string();
  return wanted->width > wanted->height ? widest->to_string() : AspectRatio{widest->height, widest->width}.to_string();
}

UpstreamValues upstream_values(const Provider& provider, const PictureCall& call, const Catalog& catalog) {
  UpstreamValues values;
  Collector collector(provider, call, values);
  for (const Parameter& parameter : catalog.parameters()) collector.add(parameter);
  collector.add_unknown();
  return values;
}

Json upstream_body(const Upstream& upstream, const PictureCall& call) {
  const Catalog& catalog = built_in_catalog();
  Json body(upstream_values(*upstream.provider, call, catalog).members);
  const ParameterSupport* image = catalog.find_parameter("image")->support_of(upstream.provider->id);
  for (const InputPicture& picture : call.request.pictures) {
    body.set(image->name, picture_text(*upstream.provider, picture));
  }
  return body;
}

HttpCall submission(const Upstream& upstream, const Json& body) {
  HttpCall call;
  call.method = "POST";
  call.url = upstream.url(upstream.provider->submit_path);
  call.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  call.body = body.dump();
  call.once = true;
  call.first_byte = std::chrono::seconds(60);
  call.total = std::chrono::seconds(120);
  return call;
}

}  // namespace palimpsest
