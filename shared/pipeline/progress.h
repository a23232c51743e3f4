#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "shared/image/image.h"

namespace palimpsest {

/// What a request goes through, in this order; `decode` comes back to `denoise` where more pictures are to be made.
enum class Phase { encode_text, encode_image, denoise, decode };

/// `encode_text`, `encode_image`, `denoise`, `decode`.
std::string_view name_of(Phase phase);

/// How far a request is. Sent when a phase begins and after each step.
struct Progress {
  Phase phase = Phase::encode_text;
  std::int64_t picture = 0, pictures = 1;  ///< the one being made, from 0, and how many there are
  std::int64_t step = 0, steps = 0;        ///< steps done for this picture; 0 of 0 outside of `denoise`
  double seconds_left = -1;                ///< estimate for the whole request; below 0 while unknown
  std::function<Image()> preview;          ///< makes a rough picture of the result so far; empty where there is none.
                                           ///< Only to be called before the callback returns.
};

/// Called on the thread that runs the request; what it throws ends the request.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace palimpsest
