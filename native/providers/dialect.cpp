#include "native/providers/dialect.h"

namespace palimpsest {

std::string Upstream::url(const std::string& path) const {
  constexpr std::string_view kPlace = "{upstream}";
  std::string url = base_url;
  while (!url.empty() && url.back() == '/') url.pop_back();
  const std::size_t place = path.find(kPlace);
  if (place == std::string::npos) return url + path;
  return url + path.substr(0, place) + endpoint->upstream + path.substr(place + kPlace.size());
}

std::string_view name_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::rejected:
      return "rejected";
    case FailureKind::moderated:
      return "moderated";
    case FailureKind::busy:
      return "busy";
    case FailureKind::account:
      return "account";
    case FailureKind::unavailable:
      break;
  }
  return "unavailable";
}

bool Dialect::is_passing(const Json&, const HttpAnswer& answer) const {
  return answer.status == 408 || answer.status == 425 || answer.status == 429 || answer.status >= 500;
}

std::optional<HttpCall> Dialect::cancel(const Upstream&, const Json&) const {
  return std::nullopt;
}

const Dialect& dialect_of(const Provider& provider) {
  if (provider.dialect == "fal") return fal_dialect();
  if (provider.dialect == "replicate") return replicate_dialect();
  if (provider.dialect == "fireworks") return fireworks_dialect();
  if (provider.dialect == "bfl") return bfl_dialect();
  if (provider.dialect == "openai") return openai_dialect();
  fail(codes::kInternal, provider.id + " is not a hosted provider", 500);
}

}  // namespace palimpsest
