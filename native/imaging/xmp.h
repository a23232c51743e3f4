#pragma once

#include <string>

#include "native/imaging/encode.h"

namespace palimpsest {

/// The texts as an XMP packet: one bag of key and value under the namespace `urn:palimpsest:text`.
/// Source: ISO 16684-1, 7.
std::string xmp_packet(const ImageText& text);

}  // namespace palimpsest
