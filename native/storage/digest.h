#pragma once

#include <string>
#include <string_view>

namespace palimpsest {

/// SHA-256 of the bytes as 64 lower-case hexadecimal digits: the name of a stored file. OpenSSL's, because pictures of
/// many megabytes pass through here.
std::string content_digest(std::string_view bytes);

}  // namespace palimpsest
