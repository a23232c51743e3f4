// native/verify: finds the golden cases in a folder and runs them on a backend.
// Included by native/cli; includes native/checkpoint and all of shared but portable.
// Start here.
#pragma once

#include <string>
#include <vector>

#include "shared/tensor/backend.h"
#include "shared/verify/check_result.h"

namespace palimpsest {

/// What became of one golden file.
struct GoldenReport {
  enum class Status {
    checked,        ///< `results` says how
    failed,         ///< it could not be run: `note` is the error
    not_supported,  ///< a format that this version does not run: `note` names it
    unknown,        ///< no golden file of a kind known here
  };
  std::string file;  ///< relative to the folder
  Status status = Status::checked;
  std::string note = {};
  std::vector<CheckResult> results = {};

  bool passed() const;
};

/// Runs every golden case below `folder` (at most three levels deep) and accounts for every other file: weights that
/// cases use are not listed, everything else is. The networks' configuration comes from `golden.config` in the
/// weights' metadata or from config.json.
/// Errors: `file_not_found` for what is no folder; a case's own errors are in its report.
std::vector<GoldenReport> verify_folder(const std::string& folder, Backend& backend);

}  // namespace palimpsest
