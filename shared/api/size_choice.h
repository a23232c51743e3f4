#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/image/image.h"

namespace palimpsest {

/// A shape in lowest terms.
struct AspectRatio {
  std::int64_t width = 1, height = 1;
  /// "16:9".
  std::string to_string() const;
  bool operator==(const AspectRatio&) const = default;
};

/// "16:9", "1.85:1": two positive numbers of up to five digits and three decimals. Errors: `invalid_value`.
Result<AspectRatio> parse_aspect_ratio(std::string_view text);

/// What the parameters size, aspect_ratio and resolution say together.
struct SizeChoice {
  std::optional<ImageSize> size;     ///< of the result; absent: that of the input picture or of the checkpoint
  std::optional<AspectRatio> ratio;  ///< set where a shape was asked for, of which `size` is the nearest supported
};

/// The text of `size`: WxH, a ratio or auto. Errors: `invalid_value`.
Result<SizeChoice> parse_size(std::string_view text);

/// The supported size nearest to a shape.
SizeChoice choice_of_ratio(const AspectRatio& ratio);

/// How far the size's shape is from the one asked for, as a fraction; 0 without a ratio.
double distortion(const SizeChoice& choice);

}  // namespace palimpsest
