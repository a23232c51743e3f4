#pragma once

#include <string>

namespace palimpsest {

/// Holds a data folder for one process, through a lock file that the system gives free when the process ends.
class FolderLock {
 public:
  /// Errors: `storage_in_use` with the number of the process that has it; `storage_failed`.
  explicit FolderLock(const std::string& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int descriptor_ = -1;
};

}  // namespace palimpsest
