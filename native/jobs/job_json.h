#pragma once

#include <string>
#include <vector>

#include "native/jobs/worker.h"
#include "shared/base/json.h"

namespace palimpsest {

/// {"phase", "step", "steps", "seconds_left"}; the last only where it is known.
Json to_json(const JobProgress& progress);

/// {"model", "pictures": [{"id", "seed", "media_type", "width", "height", "size_bytes"}], "warnings", "seconds"}, and
/// "size_plan" and "usage" where there are such, of a
/// result whose pictures were stored as `stored`, in their order.
Json to_json(const JobResult& result, const std::vector<StoredImage>& stored);

}  // namespace palimpsest
