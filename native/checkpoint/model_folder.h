#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/base/json.h"

namespace palimpsest {

/// A model's folder, from which no file leads out: a symbolic link may point anywhere inside, not elsewhere. In a
/// snapshot of the Hugging Face cache (`models--org--name/snapshots/revision`), whose files are links to
/// `models--org--name/blobs`, "inside" is `models--org--name`.
class ModelFolder {
 public:
  /// Errors: `MODEL_NOT_FOUND`, `MODEL_PATH_REFUSED` for what is no folder.
  explicit ModelFolder(const std::string& path);

  const std::string& path() const { return path_; }
  /// The last part of its path, or the repository's name for a snapshot of the Hugging Face cache.
  std::string name() const;

  /// Whether there is anything at `relative`.
  bool has(const std::string& relative) const;

  /// Names in the sub-folder `relative` ("" is this one), sorted; empty where there is no such folder.
  /// Errors: `MODEL_LIMIT` beyond 10,000.
  std::vector<std::string> names_in(const std::string& relative) const;

  /// Path of the file `relative` with links resolved.
  /// Errors: `MODEL_NOT_FOUND`, `MODEL_PATH_REFUSED` where it leads out of the folder.
  std::string file(const std::string& relative) const;

  /// A configuration file. Errors: as file() and RegularFile::read; `CONFIG_INVALID` for what is not a JSON object.
  Json read_json(const std::string& relative) const;

  /// How a file of it is called in messages.
  std::string describe(const std::string& relative) const;

 private:
  std::string path_;       // as it was given
  std::string canonical_;  // without links
  std::string root_;       // no file may resolve to what is not below
};

}  // namespace palimpsest
