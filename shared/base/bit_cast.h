#pragma once

namespace palimpsest {

/// std::bit_cast, which Emscripten 3.1.6's standard library does not have yet.
template <typename To, typename From>
constexpr To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

}  // namespace palimpsest
