// Inflating what a PNG file keeps compressed besides its pixels; not for other folders.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace palimpsest {

/// The contents of a zlib stream of at most `max_bytes`; nothing where it is damaged or longer.
std::optional<std::string> inflate_zlib(std::string_view compressed, std::size_t max_bytes);

}  // namespace palimpsest
