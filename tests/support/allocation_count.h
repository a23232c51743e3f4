#pragma once

#include <cstddef>

namespace palimpsest::testing {

/// Bytes that operator new has handed out and not got back. A test program has these figures only if it is built with
/// allocation_count.cpp, which replaces operator new.
std::size_t live_bytes();

/// The most bytes ever live since the last reset_peak_bytes().
std::size_t peak_bytes();
void reset_peak_bytes();

}  // namespace palimpsest::testing
