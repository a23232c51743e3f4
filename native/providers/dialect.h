#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/providers/http_client.h"
#include "shared/api/generation_request.h"
#include "shared/base/json.h"
#include "shared/catalog/catalog.h"

namespace palimpsest {

/// One endpoint of a provider as it is called here.
struct Upstream {
  const Provider* provider = nullptr;
  const ProviderModel* endpoint = nullptr;
  std::string base_url;  ///< the catalogue's, or the operator's

  /// base_url with a path of the catalogue, in which `{upstream}` is filled in.
  std::string url(const std::string& path) const;
};

/// What one call asks for.
struct PictureCall {
  const GenerationRequest& request;
  std::uint64_t seed = 0;
  std::int64_t n = 1;
};

/// A picture that an upstream made: where it lies, or its file.
struct UpstreamPicture {
  std::string url = {};
  std::string bytes = {};
  std::optional<std::uint64_t> seed = {};
  std::string revised_prompt = {};
};

enum class FailureKind {
  rejected,     ///< the request is at fault
  moderated,    ///< refused for its content
  busy,         ///< too many calls; later it would work
  account,      ///< key, credit or rights of the operator
  unavailable,  ///< the provider's own fault
};
/// As in the list of attempts.
std::string_view name_of(FailureKind kind);

struct UpstreamFailure {
  FailureKind kind = FailureKind::unavailable;
  Error error = {};                             ///< as our client gets it
  std::optional<int> retry_after_seconds = {};  ///< where the upstream says so
  bool is_uncertain = false;                    ///< the provider may make (and charge) the picture all the same
  bool is_billed = false;                       ///< charged although there is no picture for the client
};

/// Where a call stands after an answer.
struct Step {
  enum class State { pending, ready, failed };
  State state = State::pending;
  Json handle = {};                                  ///< of a pending call: all that is needed to ask again; no key
  bool ask_at_once = false;                          ///< the next question need not wait
  std::vector<UpstreamPicture> pictures = {};        ///< of a ready one
  std::optional<std::int64_t> cost_micros_usd = {};  ///< where the upstream says
  UpstreamFailure failure = {};                      ///< of a failed one
};

/// How one kind of provider is spoken to: requests into HTTP calls, answers into steps. Pure: no network, no key (who
/// makes the call adds it), no state.
class Dialect {
 public:
  virtual ~Dialect() = default;

  /// The call that begins (and is charged for) a picture.
  virtual HttpCall submit(const Upstream& upstream, const PictureCall& call) const = 0;
  virtual Step read_submitted(const Upstream& upstream, const HttpAnswer& answer) const = 0;

  /// The call that asks how far a pending one is.
  virtual HttpCall poll(const Upstream& upstream, const Json& handle) const = 0;
  virtual Step read_polled(const Upstream& upstream, const Json& handle, const HttpAnswer& answer) const = 0;
  /// Whether an answer to a poll says nothing about the picture, so that the same is asked again.
  virtual bool is_passing(const Json& handle, const HttpAnswer& answer) const;

  /// The call that gives a pending picture up; absent where the provider has none.
  virtual std::optional<HttpCall> cancel(const Upstream& upstream, const Json& handle) const;
};

/// The dialect of a hosted provider.
const Dialect& dialect_of(const Provider& provider);

// Each in a file of its own name.
const Dialect& fal_dialect();
const Dialect& replicate_dialect();
const Dialect& fireworks_dialect();
const Dialect& bfl_dialect();
const Dialect& openai_dialect();

}  // namespace palimpsest
