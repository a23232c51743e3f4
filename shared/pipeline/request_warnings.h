#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/api/image_request.h"
#include "shared/api/size.h"

namespace palimpsest {

/// What of a valid request will not be as its sender may expect, a sentence each: values without effect, a seed that
/// the generator cuts, sizes and references that the checkpoint was not trained on. `seed` is the first picture's.
std::vector<std::string> request_warnings(const ImageRequest& request, const SizePlan& plan, bool guidance_embed,
                                          std::uint64_t seed);

}  // namespace palimpsest
