#include "shared/pipeline/request_warnings.h"

#include <doctest/doctest.h>

using namespace palimpsest;

namespace {

std::string warnings_of(const ImageRequest& request, std::uint64_t seed = 1, bool guidance_embed = true) {
  std::string all;
  for (const std::string& warning : request_warnings(request, plan_sizes(request, {}), guidance_embed, seed))
    all += warning + "\n";
  return all;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an ordinary request has no warnings") {
  ImageRequest request;
  request.guidance = 3;
  request.size = ImageSize{1024, 1024};
  CHECK(warnings_of(request).empty());
}

TEST_CASE("values without effect are named") {
  ImageRequest request;
  request.guidance = 3;
  CHECK(contains(warnings_of(request, 1, false), "cfg_scale has no effect"));
  request.true_cfg_scale = 2;
  CHECK(contains(warnings_of(request), "true_cfg_scale has no effect without a negative_prompt"));
  request.negative_prompt = "blurry";
  CHECK(warnings_of(request).empty());
  request.true_cfg_scale = 1;
  CHECK(contains(warnings_of(request), "negative_prompt has no effect"));
}

TEST_CASE("a seed beyond 32 bits is told with torch's generator, also where only a later picture has it") {
  ImageRequest request;
  CHECK(warnings_of(request, UINT64_MAX).empty());
  request.rng = Rng::torch_cpu;
  CHECK(warnings_of(request, UINT32_MAX).empty());
  CHECK(contains(warnings_of(request, std::uint64_t{UINT32_MAX} + 1), "rng torch-cpu uses only the low 32 bits"));
  request.n = 2;
  CHECK(contains(warnings_of(request, UINT32_MAX), "low 32 bits"));
  CHECK(contains(warnings_of(request, UINT64_MAX), "low 32 bits"));
}

TEST_CASE("sizes and references unlike those of the training are told") {
  ImageRequest request;
  request.size = ImageSize{2048, 2048};
  CHECK(contains(warnings_of(request), "2048x2048 is far from the one megapixel"));
  request.size = ImageSize{256, 256};
  CHECK(contains(warnings_of(request), "256x256 is far from the one megapixel"));
  request.size.reset();
  request.images.assign(2, Image({64, 64}, 3));
  CHECK(contains(warnings_of(request), "several reference pictures"));
}
