// The frame of a PNG file: a signature and a row of chunks; not for other folders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace palimpsest {

inline constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";

struct PngChunk {
  std::string_view type, data;
  std::string_view whole;  ///< with length, type and checksum

  /// Whether a picture cannot be read without knowing it.
  bool is_critical() const { return (static_cast<unsigned char>(type[0]) & 0x20U) == 0; }
  bool has_valid_checksum() const;
};

/// Walks over a file's chunks, IEND included; what follows it is not looked at.
/// Source: PNG specification, third edition, 5.
class PngChunkReader {
 public:
  /// `file` starts with the signature.
  explicit PngChunkReader(std::string_view file) : rest_(file.substr(kPngSignature.size())) {}

  /// Moves on; false behind IEND. Errors: `image_truncated`, `image_invalid`, and `image_too_large` at more than 10,000
  /// ancillary chunks, of which those that hold an animation's frames are not counted.
  bool next(PngChunk& chunk);

 private:
  void count(const PngChunk& chunk);

  std::string_view rest_;
  bool ended_ = false;
  int ancillary_ = 0;
};

/// Appends one chunk with its length and checksum.
void append_png_chunk(std::string& file, std::string_view type, std::string_view data);

}  // namespace palimpsest
