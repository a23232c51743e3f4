#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "native/jobs/local_checkpoint.h"
#include "shared/api/generation_request.h"
#include "shared/api/problem.h"

namespace palimpsest {

/// Which local checkpoint answers a request, and what its client must be told about that.
struct Answerer {
  std::string checkpoint;
  bool is_stand_in = false;       ///< the built-in checkpoint answers for a larger model
  std::vector<Warning> warnings;  ///< what the local engine does not do of what was asked
};

/// The checkpoints on this machine. Safe to use from several threads.
class LocalModels {
 public:
  /// The first one that is not built in answers for the catalogue's models; where there is none, the built-in one
  /// stands in. Names are unique without regard to case. There must be at least one.
  explicit LocalModels(std::vector<LocalCheckpoint> checkpoints);

  const std::vector<LocalCheckpoint>& checkpoints() const { return checkpoints_; }
  /// The checkpoint that is loaded at the start.
  const LocalCheckpoint& main() const;
  /// `local/<name>` of each.
  std::vector<std::string> ids() const;

  /// Who answers a model of the catalogue or a local one, pinned to `provider` or (empty) not.
  /// Errors: 404 `model_not_found` for a checkpoint that is not here, with the nearest name; 400
  /// `provider_not_configured` for a hosted provider; 404 for a pinned model that only the built-in one could answer.
  Result<Answerer> choose(const std::string& model, const std::string& provider) const;
  /// The same with the request's parameters looked at. Errors: also 400 `unsupported_parameter`, param `loras`.
  Result<Answerer> choose(const GenerationRequest& request) const;

  void set_facts(const CheckpointFacts& facts);
  /// Absent until the checkpoint was loaded once.
  std::optional<CheckpointFacts> facts(const std::string& name) const;

 private:
  const LocalCheckpoint* find(std::string_view name) const;
  Error not_here(const std::string& name) const;

  std::vector<LocalCheckpoint> checkpoints_;
  mutable std::mutex mutex_;
  std::map<std::string, CheckpointFacts> facts_;  // guarded by mutex_
};

}  // namespace palimpsest
