#pragma once

#include <string>

#include "web/app_state.h"

namespace palimpsest {

/// "12.4 s", "3 min 05 s".
std::string duration_text(double seconds);

/// What a run is doing now, or how it ended, in a few words.
std::string phase_text(const Run& run, double now_s);

/// How much of a run is done, from 0 to 1; below 0 where nothing says so.
double progress_of(const Run& run);

/// The prompt on one line, cut to so many bytes at a character.
std::string short_prompt(const Form& form, std::size_t max_bytes);

}  // namespace palimpsest
