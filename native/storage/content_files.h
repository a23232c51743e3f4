#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace palimpsest {

/// Files named by the SHA-256 of what is in them, in 256 folders by its first two digits. Equal contents are one file.
/// put, remove and list belong to the writer's thread; read is safe from any.
class ContentFiles {
 public:
  /// Makes the folder where it is missing.
  explicit ContentFiles(std::string folder);

  /// Stores the bytes durably under their digest; one that is there and whole is left as it is, a damaged one is
  /// written again. Errors: as write_durably.
  void put(const std::string& digest, std::string_view bytes) const;

  /// The bytes of a file, checked against its name. Errors: `file_missing`, `file_damaged` (500), each with the path.
  std::string read(const std::string& digest) const;

  /// Deletes a file; fine where there is none.
  void remove(const std::string& digest) const;

  /// The digests of all files. Deletes files that a crash left half written.
  std::vector<std::string> list() const;

 private:
  std::string path_of(const std::string& digest) const;

  std::string folder_;
};

}  // namespace palimpsest
