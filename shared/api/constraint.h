#pragma once

#include <string>

#include "shared/base/json.h"
#include "shared/base/result.h"
#include "shared/catalog/parameter.h"

namespace palimpsest {

/// What a parameter takes, in words: "a whole number from 1 to 10", "one of png, jpeg, gif, webp, avif".
std::string constraint_text(const Parameter& parameter);

/// What applies where the parameter is absent, in words: "1", "the checkpoint's own"; empty where nothing does.
std::string default_of(const Parameter& parameter);

/// The value in its one form, if the parameter takes it: exact integers for `uint64` also from decimal strings, strings
/// for listed values also from integers, list items with known members only. Images are not values.
/// Errors: `invalid_type`, `invalid_value`; message and `param` name the parameter. `pointer` comes back extended to
/// the item of a list at fault.
Result<Json> check_value(const Parameter& parameter, const Json& value, std::string& pointer);

/// The same for the text of a form field or a command-line option: numbers in decimal, true or false, a list as JSON.
Result<Json> check_text(const Parameter& parameter, const std::string& text, std::string& pointer);

}  // namespace palimpsest
