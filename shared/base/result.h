#pragma once

#include <utility>
#include <variant>

#include "shared/base/error.h"

namespace palimpsest {

/// A value or an Error; for code that handles users' input and must not throw.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit on purpose, `return value;`
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: implicit on purpose, `return Error{…};`

  explicit operator bool() const noexcept { return std::holds_alternative<T>(state_); }

  /// The value. Only after a check: throws std::bad_variant_access where there is an error.
  T& operator*() & { return std::get<T>(state_); }
  const T& operator*() const& { return std::get<T>(state_); }
  T&& operator*() && { return std::get<T>(std::move(state_)); }
  T* operator->() { return &std::get<T>(state_); }
  const T* operator->() const { return &std::get<T>(state_); }

  const Error& error() const { return std::get<Error>(state_); }

  /// The value, or PalimpsestError with the error: the step from input handling into the engine.
  T value_or_throw() && {
    if (!*this) throw PalimpsestError(error());
    return std::get<T>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace palimpsest
