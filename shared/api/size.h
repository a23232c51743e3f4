#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/api/image_request.h"

namespace palimpsest {

/// The sizes that Kontext was trained on, by width; each has about a million pixels and sides that are multiples of 16.
/// Source: flux/util.py `PREFERED_KONTEXT_RESOLUTIONS`.
std::span<const ImageSize> kontext_sizes();

/// The size of the list whose ratio of width to height is nearest to that of `shape`; of two, the one named first.
/// The list must not be empty. Source: flux/sampling.py `prepare_kontext`.
ImageSize nearest_in_ratio(ImageSize shape, std::span<const ImageSize> sizes);

/// The size of about `area` pixels with this ratio, sides down to multiples of 16 and within the limits.
/// Source: flux/util.py `aspect_ratio_to_height_width`.
ImageSize size_of_ratio(double width, double height, const RequestLimits& limits = {}, double area = 1024.0 * 1024.0);

/// The size whose sides are within the limits and multiples of 16, each nearest to what was asked for.
ImageSize nearest_possible(ImageSize size, const RequestLimits& limits = {});

/// What a request's pictures go through: shown before running and returned with the result.
struct SizePlan {
  struct Reference {
    ImageSize from, to;
    Fit how = Fit::stretch;
  };
  std::vector<Reference> references;
  ImageSize render;  ///< what the network draws
  ImageSize output;  ///< what comes back, scaled from `render` by Lanczos where they differ

  bool is_scaled() const { return render != output; }
  /// One sentence, as "reference 1920x1080 to 1392x752 (stretch); drawn at 1392x752".
  std::string to_string() const;
};

/// The plan of a valid request. `native_size` is set for checkpoints that draw one size only: references and rendering
/// take it, and the result is scaled to the size asked for. Without it, the result has the size asked for; by default
/// that of the first reference, or 1024x1024.
SizePlan plan_sizes(const ImageRequest& request, std::optional<ImageSize> native_size);

/// "1392x752".
std::string to_string(ImageSize size);

}  // namespace palimpsest
