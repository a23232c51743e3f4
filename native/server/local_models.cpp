#include "native/server/local_models.h"

#include <algorithm>
#include <utility>

#include "native/server/http_types.h"
#include "shared/api/parse_request.h"
#include "shared/base/utf8.h"
#include "shared/catalog/nearest_name.h"

namespace palimpsest {
namespace {

constexpr std::string_view kLocal = "local/";

std::string without_prefix(const std::string& model) {
  return model.rfind(kLocal, 0) == 0 ? model.substr(kLocal.size()) : model;
}

Error not_configured(const std::string& provider) {
  const Provider* known = built_in_catalog().find_provider(provider);
  return {"provider_not_configured",
          "The model is pinned to " + (known == nullptr ? provider : known->name) +
              ", and this server has no such provider; leave out the `" + provider + "/` to be served locally",
          "model"};
}

Warning stand_in_warning(const std::string& model, const std::string& checkpoint) {
  return {"stand_in", "model",
          "`" + model + "` is not on this machine; the small built-in checkpoint " + checkpoint +
              " drew this instead, which is not the quality of that model."};
}

}  // namespace

LocalModels::LocalModels(std::vector<LocalCheckpoint> checkpoints) : checkpoints_(std::move(checkpoints)) {
  if (checkpoints_.empty()) fail(codes::kInternal, "there is no local checkpoint", 500);
}

const LocalCheckpoint& LocalModels::main() const {
  const auto full = std::find_if(checkpoints_.begin(), checkpoints_.end(),
                                 [](const LocalCheckpoint& checkpoint) { return !checkpoint.is_builtin; });
  return full != checkpoints_.end() ? *full : checkpoints_.front();
}

std::vector<std::string> LocalModels::ids() const {
  std::vector<std::string> ids;
  for (const LocalCheckpoint& checkpoint : checkpoints_) ids.push_back(std::string(kLocal) + checkpoint.name);
  return ids;
}

const LocalCheckpoint* LocalModels::find(std::string_view name) const {
  const auto found = std::find_if(checkpoints_.begin(), checkpoints_.end(), [&](const LocalCheckpoint& checkpoint) {
    return equal_ignoring_case(checkpoint.name, name);
  });
  return found == checkpoints_.end() ? nullptr : &*found;
}

Error LocalModels::not_here(const std::string& name) const {
  const std::string nearest = nearest_name(std::string(kLocal) + name, ids());
  std::string here;
  for (const std::string& id : ids()) here += (here.empty() ? "`" : ", `") + id + "`";
  return {"model_not_found",
          "The model `local/" + printable(name) + "` is not on this machine; " +
              (nearest.empty() ? "there is " + here : "did you mean `" + nearest + "`?"),
          "model", 404};
}

Result<Answerer> LocalModels::choose(const std::string& model, const std::string& provider) const {
  if (!provider.empty() && provider != "local") return not_configured(provider);
  const std::string name = without_prefix(model);
  if (const LocalCheckpoint* exact = find(name)) return Answerer{exact->name, false, {}};
  const Model* known = built_in_catalog().find_model(name);
  const bool is_builtin_model = known != nullptr && known->id == "kontext-nano";
  const LocalCheckpoint& answering = main();
  // Only a name that asks for whatever is loaded is answered by another checkpoint: kontext-max has no weights of its
  // own, and a name without a provider leaves the choice to the server.
  const bool is_open = known != nullptr && !is_builtin_model && (provider.empty() || known->id == "flux.1-kontext-max");
  if (!is_open || (answering.is_builtin && !provider.empty())) return not_here(name);
  if (!answering.is_builtin) return Answerer{answering.name, false, {}};
  return Answerer{answering.name, true, {stand_in_warning(known->id, answering.name)}};
}

Result<Answerer> LocalModels::choose(const GenerationRequest& request) const {
  Result<Answerer> answerer = choose(request.model, request.provider);
  if (!answerer) return answerer;
  for (Warning& warning : provider_warnings(request, built_in_catalog(), "local")) {
    answerer->warnings.push_back(std::move(warning));
  }
  return answerer;
}

void LocalModels::set_facts(const CheckpointFacts& facts) {
  const std::lock_guard lock(mutex_);
  facts_[facts.name] = facts;
}

std::optional<CheckpointFacts> LocalModels::facts(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = facts_.find(name);
  return found == facts_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace palimpsest
