#include "shared/pipeline/request_warnings.h"

namespace palimpsest {
namespace {

// Between these the published checkpoints draw well.
constexpr std::int64_t kFewPixels = 250'000, kManyPixels = 2'200'000;

bool exceeds_32_bits(std::uint64_t first_seed, std::int64_t n) {
  return first_seed > UINT32_MAX || first_seed + static_cast<std::uint64_t>(n - 1) > UINT32_MAX;
}

}  // namespace

std::vector<std::string> request_warnings(const ImageRequest& request, const SizePlan& plan, bool guidance_embed,
                                          std::uint64_t seed) {
  std::vector<std::string> warnings;
  const auto warn_if = [&warnings](bool condition, std::string text) {
    if (condition) warnings.push_back(std::move(text));
  };
  warn_if(request.guidance && !guidance_embed, "cfg_scale has no effect: this checkpoint has no guidance embedding");
  warn_if(request.true_cfg_scale > 1 && request.negative_prompt.empty(),
          "true_cfg_scale has no effect without a negative_prompt");
  warn_if(request.true_cfg_scale <= 1 && !request.negative_prompt.empty(),
          "negative_prompt has no effect unless true_cfg_scale is above 1");
  warn_if(request.rng != Rng::philox && exceeds_32_bits(seed, request.n),
          "rng " + std::string(name_of(request.rng)) + " uses only the low 32 bits of a seed");
  warn_if(request.images.size() > 1, "several reference pictures: Kontext was trained with one");

  const std::int64_t pixels = std::int64_t{plan.render.width} * plan.render.height;
  if (plan.is_scaled()) {
    warnings.push_back("this checkpoint draws " + to_string(plan.render) + " only; the result was scaled to " +
                       to_string(plan.output));
  } else if (request.size && (pixels < kFewPixels || pixels > kManyPixels)) {
    warnings.push_back("size " + to_string(plan.render) + " is far from the one megapixel that FLUX.1 was trained on");
  }
  return warnings;
}

}  // namespace palimpsest
