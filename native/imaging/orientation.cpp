#include "native/imaging/orientation.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "native/imaging/byte_order.h"

namespace palimpsest {
namespace {

using namespace std::string_view_literals;

/// Reads numbers of a TIFF block; what lies outside of it reads as 0.
class TiffReader {
 public:
  explicit TiffReader(std::string_view block) : block_(block), big_endian_(block.substr(0, 2) == "MM") {}

  bool has_signature() const { return (big_endian_ || block_.substr(0, 2) == "II") && u16(2) == 42; }

  std::uint32_t u16(std::size_t offset) const { return number(offset, 2); }
  std::uint32_t u32(std::size_t offset) const { return number(offset, 4); }
  std::size_t size() const { return block_.size(); }

 private:
  std::uint32_t number(std::size_t offset, std::size_t length) const {
    if (offset > block_.size() || block_.size() - offset < length) return 0;
    const std::string_view bytes = block_.substr(offset, length);
    return big_endian_ ? read_big_endian(bytes) : read_little_endian(bytes);
  }

  std::string_view block_;
  bool big_endian_;
};

constexpr std::uint32_t kOrientationTag = 0x0112, kShort = 3;
constexpr std::size_t kEntryBytes = 12;

}  // namespace

Orientation exif_orientation(std::string_view exif) {
  if (exif.substr(0, 6) == "Exif\0\0"sv) exif.remove_prefix(6);
  const TiffReader tiff(exif);
  if (!tiff.has_signature()) return Orientation::upright;
  const std::size_t directory = tiff.u32(4);
  const std::size_t entries = tiff.u16(directory);
  if (directory > tiff.size() || (tiff.size() - directory) / kEntryBytes < entries) return Orientation::upright;
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (tiff.u16(entry) != kOrientationTag) continue;
    const std::uint32_t value = tiff.u16(entry + 8);
    const bool valid = tiff.u16(entry + 2) == kShort && tiff.u32(entry + 4) == 1 && value >= 1 && value <= 8;
    return valid ? static_cast<Orientation>(value) : Orientation::upright;
  }
  return Orientation::upright;
}

Image turn_upright(Image image, Orientation orientation) {
  if (orientation == Orientation::upright) return image;
  using enum Orientation;
  const bool swaps_sides = orientation >= transposed;
  // The stored column falls while the upright picture is read along the side that runs over stored columns.
  const bool reverses_columns = orientation == mirrored || orientation == half_turn || orientation == anti_transposed ||
                                orientation == three_quarter_turn;
  const bool reverses_rows = orientation == half_turn || orientation == mirrored_half_turn ||
                             orientation == anti_transposed || orientation == quarter_turn;
  Image turned(swaps_sides ? ImageSize{image.height, image.width} : image.size(), image.channels);
  const auto channels = static_cast<std::size_t>(image.channels);
  std::uint8_t* out = turned.pixels.data();
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x, out += channels) {
      int column = swaps_sides ? y : x, row = swaps_sides ? x : y;
      if (reverses_columns) column = image.width - 1 - column;
      if (reverses_rows) row = image.height - 1 - row;
      std::copy_n(image.row(row) + static_cast<std::size_t>(column) * channels, channels, out);
    }
  }
  return turned;
}

}  // namespace palimpsest
