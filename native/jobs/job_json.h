#pragma once

#include <string>
#include <vector>

#include "native/jobs/worker.h"
#include "shared/base/json.h"

namespace palimpsest {

/// {"phase", "step", "steps", "seconds_left"}; the last only where it is known.
Json to_json(const JobProgress& progress);

/// {"provider", "endpoint", "outcome", "error", "latency_ms", "cost_micros_usd"}; "error" only where there was one.
Json to_json(const ProviderAttempt& attempt);

/// {"model", "provider", "cost_micros_usd", "pictures": [{"id", "seed", "media_type", "width", "height",
/// "size_bytes"}], "warnings", "seconds"}, and "attempts", "size_plan", "usage" and a picture's "revised_prompt" where
/// there are such, of a result whose pictures were stored as `stored`, in their order.
Json to_json(const JobResult& result, const std::vector<StoredImage>& stored);

}  // namespace palimpsest
