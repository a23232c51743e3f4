#pragma once

#include <string>
#include <string_view>

#include "shared/base/json.h"

namespace palimpsest {

/// One word for a POSIX shell, in single quotes: nothing in it has a meaning to the shell. The text must have no NUL
/// characters, which no argument can carry.
std::string shell_quoted(std::string_view text);

/// A value as JavaScript. Integers beyond 2^53 - 1, which JavaScript would round, become strings.
std::string javascript_literal(const Json& value);

/// A value as Python.
std::string python_literal(const Json& value);

}  // namespace palimpsest
