#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace palimpsest {

/// The least number of insertions, deletions, replacements and exchanges of neighbours that turn one text into the
/// other, counted in bytes.  Source: optimal string alignment distance.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to a mistyped name without regard to case, the first of several; empty where even that one
/// differs in more than a third of its length. Names above 128 bytes have no neighbours.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

}  // namespace palimpsest
