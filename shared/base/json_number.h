#pragma once

#include <string>

namespace palimpsest {

/// A finite double as JSON text that reads back equal, in as few digits as that takes but for rare cases, always with a
/// point or an exponent.
std::string json_number_text(double number);

}  // namespace palimpsest
