#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

/// Offset of the first byte that is not part of well-formed UTF-8 (overlong forms, surrogates and values above U+10FFFF
/// are not), or text.size() where all of it is.
/// Source: The Unicode Standard 15, table 3-7.
std::size_t first_invalid_utf8(std::string_view text);

/// Whether well-formed UTF-8 `text` holds a control character (U+0000..1F, U+7F..9F).
bool has_control_characters(std::string_view text);

/// `text` fit for a terminal or a message: control, bidirectional and invisible characters and invalid bytes become
/// \n, \t or \xNN per byte, and what is longer than `max_bytes` is cut at a character and ends in "...".
std::string printable(std::string_view text, std::size_t max_bytes = 200);

}  // namespace palimpsest
