#include "native/providers/upstream_answer.h"

#include <algorithm>
#include <charconv>

#include "shared/api/wire_error.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kLongestWords = 300;

bool names_moderation(const Provider& provider, std::string words) {
  for (char& c : words) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::any_of(provider.moderation_words.begin(), provider.moderation_words.end(),
                     [&](const std::string& word) { return words.find(word) != std::string::npos; });
}

FailureKind kind_of_status(int status) {
  if (status == 401 || status == 402 || status == 403) return FailureKind::account;
  if (status == 429) return FailureKind::busy;
  const bool is_the_request = status == 400 || status == 413 || status == 415 || status == 422;
  return is_the_request ? FailureKind::rejected : FailureKind::unavailable;
}

/// What our client is told: never the upstream's 401, which would speak of the client's own key.
Error error_of(FailureKind kind, const Provider& provider, const std::string& words) {
  const std::string message = provider.name + ": " + printable(words, kLongestWords);
  switch (kind) {
    case FailureKind::rejected:
      return {"provider_rejected", message, "", 400};
    case FailureKind::moderated:
      return {"moderation_blocked", message, "", 400};
    case FailureKind::busy:
      return {"provider_busy", message, "", 429};
    case FailureKind::account:
      return {"provider_account", message, "", 502};
    case FailureKind::unavailable:
      break;
  }
  return {"provider_failed", message, "", 502};
}

std::optional<int> retry_after(const HttpAnswer& answer, const Json& body) {
  std::string text = answer.header("retry-after");
  if (const Json* member = body.find("retry_after"); text.empty() && member != nullptr) text = member->dump();
  int seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_whole = problem == std::errc() && seconds >= 0;
  return is_whole ? std::optional(std::min(seconds, 3'600)) : std::nullopt;
}

/// Everything in an error body that could be a code.
std::string codes_in(const Json& body) {
  std::string all;
  const Json* inner = body.find("error");
  const Json* detail = body.find("detail");
  const bool has_list = detail != nullptr && detail->is_array() && !detail->as_array()->empty();
  for (const Json* part : {&body, inner, has_list ? &detail->as_array()->front() : nullptr}) {
    if (part == nullptr) continue;
    for (const char* name : {"code", "type", "error_type"}) all += " " + part->text(name);
  }
  return all;
}

Step failed(UpstreamFailure failure) {
  Step step;
  step.state = Step::State::failed;
  step.failure = std::move(failure);
  return step;
}

}  // namespace

Json json_of(const HttpAnswer& answer) {
  JsonLimits limits;
  limits.max_bytes = limits.max_string_bytes = std::size_t{96} << 20;
  Result<Json> json = parse_json(answer.body, limits);
  return json && json->is_object() ? *std::move(json) : Json();
}

Step pending(Json handle, bool ask_at_once) {
  Step step;
  step.handle = std::move(handle);
  step.ask_at_once = ask_at_once;
  return step;
}

Step failed_by_status(const Upstream& upstream, const HttpAnswer& answer) {
  const Provider& provider = *upstream.provider;
  const Json body = json_of(answer);
  const std::string words =
      body.is_null() ? "status " + std::to_string(answer.status) : parse_error_body(body, answer.status).message;
  FailureKind kind = kind_of_status(answer.status);
  const bool may_be_moderation = kind == FailureKind::rejected || answer.status == 403;
  if (may_be_moderation && names_moderation(provider, codes_in(body) + " " + words)) kind = FailureKind::moderated;
  UpstreamFailure failure{kind, error_of(kind, provider, words), retry_after(answer, body)};
  const auto& unpaid = provider.unpaid_statuses;
  failure.is_uncertain = answer.status >= 500 && std::find(unpaid.begin(), unpaid.end(), answer.status) == unpaid.end();
  return failed(std::move(failure));
}

Step failed_by_words(const Upstream& upstream, const std::string& words) {
  const Provider& provider = *upstream.provider;
  const FailureKind kind = names_moderation(provider, words) ? FailureKind::moderated : FailureKind::unavailable;
  return failed({kind, error_of(kind, provider, words.empty() ? "it failed and does not say why" : words)});
}

Step moderated(const Upstream& upstream, const std::string& stage) {
  return failed({FailureKind::moderated, error_of(FailureKind::moderated, *upstream.provider,
                                                  "the " + stage + " was refused by its moderation")});
}

Step unreadable(const Upstream& upstream, const std::string& what) {
  UpstreamFailure failure;
  failure.error = {"upstream_invalid", upstream.provider->name + ": the answer cannot be read: " + what, "", 502};
  failure.is_uncertain = true;
  return failed(std::move(failure));
}

}  // namespace palimpsest
