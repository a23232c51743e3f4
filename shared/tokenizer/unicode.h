#pragma once

#include <string>
#include <string_view>

namespace palimpsest {

/// The four kinds of characters that CLIP's splitting pattern tells apart.
enum class CharacterKind {
  space,   ///< \s: Unicode white space
  letter,  ///< \p{L}
  number,  ///< \p{N}
  other,
};

/// Kind of any code point, by the tables of the Unicode version named in unicode_tables.inc; unassigned ones are other.
CharacterKind character_kind(char32_t c);

/// Lower case of a whole text: full mapping (İ becomes two code points; Σ at the end of a word becomes ς).
/// Locale-independent, the same as Python's str.lower(). Source: The Unicode Standard, 3.13, "Default Case Conversion".
std::u32string lower_case(std::u32string_view text);

/// Normalisation form C, in time O(n log n) at worst. Source: UAX #15 and The Unicode Standard, 3.11 and 3.12 (Hangul).
std::u32string normalize_nfc(std::u32string_view text);

}  // namespace palimpsest
