#pragma once

#include <string>
#include <string_view>

namespace palimpsest {

/// 128 bits from the operating system's random source as 26 lower-case base32 letters (RFC 4648, without padding): the
/// name of a job or picture, which nobody can guess. Errors: `internal_error` where the source fails.
std::string random_id();

/// Whether `text` has the form of such a name; whatever else a path of a request holds names nothing.
bool is_random_id(std::string_view text);

}  // namespace palimpsest
