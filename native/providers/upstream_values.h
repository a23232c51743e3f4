#pragma once

#include <vector>

#include "native/providers/dialect.h"
#include "shared/api/problem.h"

namespace palimpsest {

/// A request's parameters under a provider's names and in its values, as the catalogue says; without pictures.
struct UpstreamValues {
  Json::Object members;
  std::vector<Warning> changes;  ///< what was asked for and is brought into the provider's limits
};
UpstreamValues upstream_values(const Provider& provider, const PictureCall& call, const Catalog& catalog);

/// The ratio that a provider is asked for: the nearest it offers. Absent where the request asks for none.
std::optional<std::string> upstream_ratio(const Provider& provider, const GenerationRequest& request);

/// The values with the input pictures in the provider's form, as one JSON object.
Json upstream_body(const Upstream& upstream, const PictureCall& call);

/// A POST of JSON that begins a picture.
HttpCall submission(const Upstream& upstream, const Json& body);

}  // namespace palimpsest
