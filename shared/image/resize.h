#pragma once

#include "shared/image/image.h"

namespace palimpsest {

enum class ResizeFilter {
  bicubic,  ///< Keys' cubic, a = -0.5
  lanczos,  ///< windowed sinc of three lobes
};

/// The picture at another size, each channel for itself; the filter widens when it shrinks. Horizontal pass first, then
/// vertical, both in fixed point with 8-bit samples between them, so that results equal Pillow's to the bit.
/// Both sizes must be positive: an empty picture comes back where one is not.
/// Source: Pillow Resample.c `ImagingResampleInner`, 8 bits per channel.
Image resize(const Image& image, ImageSize size, ResizeFilter filter = ResizeFilter::lanczos);

/// The picture at another size by repeating the nearest sample; for previews.
Image resize_nearest(const Image& image, ImageSize size);

}  // namespace palimpsest
