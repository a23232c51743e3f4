// native/bench: measures the engine: networks of FLUX.1's real widths with made-up weights, and the operations below
// them. Included by native/cli; includes shared models and tensor. Start here.
#pragma once

#include <cstdint>
#include <string>

#include "shared/tensor/backend.h"

namespace palimpsest {

struct FullWidthOptions {
  std::int64_t double_blocks = 1, single_blocks = 2;  ///< of 19 and 38
  std::int64_t text_tokens = 512;
  int rounds = 3;  ///< the best one counts
};

/// One step of the transformer at full width (3072, 24 heads).
struct StepMeasurement {
  std::int64_t text_tokens = 0, reference_tokens = 0, noise_tokens = 0;
  double seconds = 0;          ///< of the whole step
  double flop = 0;             ///< of its matrix products and attention
  double product_seconds = 0;  ///< of nothing but its matrix products, in the same run
  double product_flop = 0;
  std::size_t weight_bytes = 0, peak_activation_bytes = 0;

  double rate() const { return flop / seconds; }
  double product_rate() const { return product_flop / product_seconds; }
};

/// A step for a picture of side x side pixels, edited from a reference of the same size.
StepMeasurement measure_step(Backend& backend, std::int64_t side, const FullWidthOptions& options);

struct DecodeMeasurement {
  double seconds = 0;
  std::size_t weight_bytes = 0, peak_activation_bytes = 0;
};

/// The AutoEncoder's decoding of side x side pixels at its real width (128 channels, multiplied by 1, 2, 4, 4).
DecodeMeasurement measure_decode(Backend& backend, std::int64_t side, int rounds);

}  // namespace palimpsest
