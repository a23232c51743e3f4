#pragma once

#include <string>
#include <string_view>

namespace palimpsest {

/// Writes `bytes` under `path` so that after a crash the name leads to all of them or does not exist: temporary file in
/// the same folder (named by `path` and kPartialSuffix), synchronise, rename, synchronise the folder.
/// Errors: `storage_full` (507) where the disk or a quota ends, `storage_read_only` (507), `storage_failed` (500); no
/// partial file is left.
void write_durably(const std::string& path, std::string_view bytes);

/// Makes the folder, not its parents, and synchronises the parent; fine where it exists.
void make_folder_durably(const std::string& path);

/// What write_durably calls a file before it is whole; one that a crash left behind can be deleted.
inline constexpr std::string_view kPartialSuffix = ".partial";

}  // namespace palimpsest
