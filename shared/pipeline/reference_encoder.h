#pragma once

#include <memory>
#include <vector>

#include "shared/api/size.h"
#include "shared/base/stop_token.h"
#include "shared/image/image.h"
#include "shared/models/autoencoder.h"
#include "shared/pipeline/latents.h"
#include "shared/pipeline/recent_values.h"
#include "shared/tensor/backend.h"

namespace palimpsest {

/// Reference pictures as the transformer sees them, behind the tokens of the picture that is made.
struct ReferenceTokens {
  std::vector<float> tokens;  ///< [tokens, 4 · latent channels]
  std::vector<float> ids;     ///< [tokens, 3]
};

/// Turns reference pictures into tokens; remembers the last few pictures.
/// Source: flux/sampling.py `prepare_kontext`.
class ReferenceEncoder {
 public:
  ReferenceEncoder(const AutoEncoder& autoencoder, Backend& backend) : autoencoder_(autoencoder), backend_(backend) {}

  /// Brings picture i to plan[i].to, encodes it and packs it. Errors: `cancelled`, and `internal_error` where the
  /// latents are not finite.
  ReferenceTokens encode(const std::vector<Image>& images, const std::vector<SizePlan::Reference>& plan,
                         const StopToken& stop);

 private:
  std::vector<float> encode_one(const Image& fitted, const StopToken& stop);

  const AutoEncoder& autoencoder_;
  Backend& backend_;
  RecentValues<Image, std::vector<float>> recent_{4};  // by the picture in the network's size
};

}  // namespace palimpsest
