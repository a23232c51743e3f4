#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

/// Bytes that grow: in memory at first, beyond a limit in a file that never has a name to be found under and goes away
/// with the object, even when the process is killed.
class SpooledBytes {
 public:
  SpooledBytes() = default;
  SpooledBytes(std::size_t max_memory_bytes, std::string folder);
  SpooledBytes(SpooledBytes&& other) noexcept;
  SpooledBytes& operator=(SpooledBytes&& other) noexcept;
  ~SpooledBytes();

  /// Errors: PalimpsestError `spool_failed`, 507, where the file cannot be made or written (disk full).
  void append(std::string_view bytes);

  std::size_t size() const { return size_; }
  bool is_in_file() const { return file_ >= 0; }

  /// All of it. Errors: PalimpsestError `spool_failed`, 507.
  std::string read() const;

 private:
  void move_to_file();
  void write(std::string_view bytes);

  std::size_t max_memory_bytes_ = std::size_t{1} << 20;
  std::string folder_, memory_;
  int file_ = -1;
  std::size_t size_ = 0;
};

}  // namespace palimpsest
