#include "shared/pipeline/reference_encoder.h"

#include <algorithm>
#include <cmath>

#include "shared/image/fit.h"
#include "shared/pipeline/pixels.h"

namespace palimpsest {

ReferenceTokens ReferenceEncoder::encode(const std::vector<Image>& images, const std::vector<SizePlan::Reference>& plan,
                                         const StopToken& stop) {
  ReferenceTokens result;
  std::vector<ImageSize> sizes;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Image fitted = fit_image(to_rgb(images[i]), plan[i].to, plan[i].how);
    const auto tokens = recent_.get(fitted, [&] { return encode_one(fitted, stop); });
    result.tokens.insert(result.tokens.end(), tokens->begin(), tokens->end());
    sizes.push_back(plan[i].to);
  }
  for (const TokenGrid& grid : reference_grids(sizes)) append_ids(grid, result.ids);
  return result;
}

std::vector<float> ReferenceEncoder::encode_one(const Image& fitted, const StopToken& stop) {
  const std::vector<float> pixels = to_unit_range(fitted);
  const Tensor image = backend_.upload(view_of(pixels, {fitted.height, fitted.width, 3}), backend_.compute_dtype());
  const Tensor encoded = autoencoder_.encode(image, stop);
  const Latents latents{encoded.shape()[0], encoded.shape()[1], encoded.shape()[2], backend_.to_host(encoded)};
  if (!std::all_of(latents.values.begin(), latents.values.end(), [](float value) { return std::isfinite(value); })) {
    fail(codes::kInternal, "[AutoEncoder] the latents of the reference picture are not finite", 500);
  }
  return pack(latents);
}

}  // namespace palimpsest
