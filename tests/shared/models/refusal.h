#pragma once

#include <string>

#include "shared/base/error.h"

namespace palimpsest::testing {

/// The error that `action` throws; with an empty code where it throws none.
template <typename Action>
Error refusal_of(Action action) {
  try {
    action();
  } catch (const PalimpsestError& error) {
    return error.error();
  }
  return {"", "nothing was refused"};
}

inline bool mentions(const Error& error, const std::string& text) {
  return error.message.find(text) != std::string::npos;
}

}  // namespace palimpsest::testing
