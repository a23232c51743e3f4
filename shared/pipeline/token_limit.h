#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace palimpsest {

/// The end of a text that does not fit into `max_tokens`: what is behind the longest beginning that does; empty where
/// all of it fits. The cut never splits a character.
std::string_view part_beyond_limit(std::string_view text, std::size_t max_tokens,
                                   const std::function<std::size_t(std::string_view)>& count_tokens);

}  // namespace palimpsest
