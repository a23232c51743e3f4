#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "native/checkpoint/mapping_guard.h"
#include "native/checkpoint/regular_file.h"

namespace palimpsest {

/// A whole file as read-only bytes in memory; pages come from disk as they are touched and can be dropped again by the
/// system, so it costs next to nothing to hold.
class FileMapping {
 public:
  /// Errors: as RegularFile; `MODEL_LIMIT` above 1 TiB; `out_of_memory` where there is no address space.
  explicit FileMapping(const std::string& path);
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  const std::string& path() const { return file_.path(); }
  std::span<const std::byte> bytes() const { return {pages_.address, pages_.size_bytes}; }

  /// Asks after what was read: whoever loads weights calls it at the end and only then uses them.
  /// Errors: `MODEL_CHANGED` where the file was written, cut short or could not be read since it was opened. Reading
  /// bytes() is safe even then, but what they say is not.
  void check_unchanged() const;

 private:
  struct Pages {
    explicit Pages(const RegularFile& file);
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    ~Pages();
    const std::byte* address = nullptr;
    std::size_t size_bytes = 0;
  };

  RegularFile file_;
  Pages pages_;
  MappingGuard guard_;  // goes before the pages do
};

}  // namespace palimpsest
