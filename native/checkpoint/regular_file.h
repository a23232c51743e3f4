// native/checkpoint: where weights come from: files on disk become TensorSources, or are refused politely.
// Included by native/engine and native/cli; includes shared base, tensor and weights; the only home of mmap.
// Start with layouts.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace palimpsest {

/// A file opened for reading, known to be a regular one; closed when it goes away.
class RegularFile {
 public:
  /// Symbolic links are followed: where they may lead is ModelFolder's business.
  /// Errors: `MODEL_NOT_FOUND`; `MODEL_PATH_REFUSED` for a folder, device, pipe or socket; `MODEL_UNREADABLE` where the
  /// system refuses.
  explicit RegularFile(const std::string& path);
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;
  ~RegularFile();

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }
  std::uint64_t size_bytes() const { return state_.size_bytes; }

  /// The whole content. Errors: `MODEL_LIMIT` beyond `max_bytes`, `MODEL_CHANGED`, `MODEL_UNREADABLE`.
  std::string read(std::size_t max_bytes) const;

  /// Whether size and time of change are what they were when it was opened.
  bool is_unchanged() const;

 private:
  struct State {
    std::uint64_t size_bytes = 0;
    std::int64_t changed_s = 0, changed_ns = 0;
    bool operator==(const State&) const = default;
  };
  State current_state() const;

  std::string path_;
  int descriptor_ = -1;
  State state_;
};

}  // namespace palimpsest
