#pragma once

#include "shared/image/image.h"

namespace palimpsest {

/// The picture laid on a white ground, as RGB; an RGB picture comes back as it is, grey is repeated.
Image blend_on_white(const Image& image);

}  // namespace palimpsest
