#include "shared/pipeline/token_limit.h"

namespace palimpsest {
namespace {

// The start of the character that the byte at `at` belongs to.
std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

}  // namespace

std::string_view part_beyond_limit(std::string_view text, std::size_t max_tokens,
                                   const std::function<std::size_t(std::string_view)>& count_tokens) {
  if (count_tokens(text) <= max_tokens) return {};
  std::size_t fits = 0, too_long = text.size();
  while (too_long - fits > 1) {
    const std::size_t middle = fits + (too_long - fits) / 2;
    (count_tokens(text.substr(0, character_start(text, middle))) <= max_tokens ? fits : too_long) = middle;
  }
  return text.substr(character_start(text, fits));
}

}  // namespace palimpsest
