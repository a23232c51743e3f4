#pragma once

#include <vector>

#include "shared/base/json.h"
#include "shared/verify/check_result.h"

namespace palimpsest {

/// {"flux_dev_bfl": {tensor: shape}}: every list must be that of a complete network, with no tensor too many.
/// Errors: `golden_invalid`; what is wrong with a list fails its check.
std::vector<CheckResult> verify_names(const Json& golden);

/// {"flux-dev": {"params": …, "ae_params": …}}: configurations in the reference's names. All must be readable.
std::vector<CheckResult> verify_configs(const Json& golden);

}  // namespace palimpsest
