// tests/fuzz: libFuzzer targets. Each reads one input as one format: it may be refused with PalimpsestError; anything
// else that goes wrong, or a result that breaks a promise of the reader's header, ends the program.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace palimpsest::testing {

/// Ends the program, so that libFuzzer keeps the input, where a promise does not hold.
inline void promise(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace palimpsest::testing
