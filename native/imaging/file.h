#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

/// The bytes of a regular file. Errors, each with the path: `file_not_found`, `file_not_readable` (no permission, a
/// folder, a device, a read error), `file_too_large` (413, above `max_bytes`).
std::string read_file_limited(const std::string& path, std::size_t max_bytes);

/// Writes a file so that its name leads to what was there before or to all of `bytes`: temporary file in the same
/// folder, synchronised, renamed. A symbolic link stays, and its target is written. Errors: `output_not_written` (500)
/// with the path and the reason, also where something other than a regular file is there; no temporary file is left.
void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace palimpsest
