#include "native/server/local_models.h"

#include <doctest/doctest.h>

using namespace palimpsest;

namespace {

LocalModels models(const std::vector<std::string>& names) {
  std::vector<LocalCheckpoint> checkpoints;
  for (const std::string& name : names) checkpoints.push_back({name, {}, name == "kontext-nano"});
  return LocalModels(std::move(checkpoints));
}

std::string answerer(const LocalModels& local, const std::string& model, const std::string& provider) {
  const Result<Answerer> chosen = local.choose(model, provider);
  if (!chosen) return chosen.error().code;
  return chosen->checkpoint + (chosen->is_stand_in ? " stands in" : "");
}

}  // namespace

TEST_CASE("alone, the built-in checkpoint stands in for what is not pinned and for nothing else") {
  const LocalModels local = models({"kontext-nano"});
  CHECK(answerer(local, "flux.1-kontext-max", "") == "kontext-nano stands in");
  CHECK(answerer(local, "flux.1-kontext-dev", "") == "kontext-nano stands in");
  CHECK(answerer(local, "kontext-nano", "") == "kontext-nano");
  CHECK(answerer(local, "kontext-nano", "local") == "kontext-nano");
  CHECK(answerer(local, "flux.1-kontext-max", "local") == "model_not_found");
  CHECK(answerer(local, "flux.1-kontext-dev", "local") == "model_not_found");
  CHECK(answerer(local, "local/other", "local") == "model_not_found");
  CHECK(answerer(local, "flux.1-kontext-max", "fal") == "provider_not_configured");
}

TEST_CASE("a full checkpoint answers for the catalogue's models, and each is to be had by its own name") {
  const LocalModels local = models({"my-finetune", "FLUX.1-Kontext-dev", "kontext-nano"});
  CHECK(local.main().name == "my-finetune");
  CHECK(answerer(local, "flux.1-kontext-max", "") == "my-finetune");
  CHECK(answerer(local, "flux.1-kontext-max", "local") == "my-finetune");
  CHECK(answerer(local, "flux.1-kontext-dev", "") == "FLUX.1-Kontext-dev");
  CHECK(answerer(local, "flux.1-kontext-dev", "local") == "FLUX.1-Kontext-dev");
  CHECK(answerer(local, "local/my-finetune", "local") == "my-finetune");
  CHECK(answerer(local, "kontext-nano", "") == "kontext-nano");
}

TEST_CASE("the dev model, pinned, is not answered by another checkpoint") {
  CHECK(answerer(models({"my-finetune"}), "flux.1-kontext-dev", "local") == "model_not_found");
  CHECK(answerer(models({"my-finetune"}), "kontext-nano", "") == "model_not_found");
}
