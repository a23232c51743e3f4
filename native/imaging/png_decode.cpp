#include <spng.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "native/imaging/byte_order.h"
#include "native/imaging/codec.h"
#include "native/imaging/inflate.h"
#include "native/imaging/png_chunks.h"

namespace palimpsest {
namespace {

constexpr int kPaletteType = 3, kAlphaBit = 4;

/// What decides a PNG file's pixels, found in one walk over its chunks. Points into the file.
struct PngParts {
  std::string_view header, palette, transparency, icc, exif;
  std::optional<std::uint32_t> gamma;
  std::string_view chromaticities, animation;
  bool is_srgb = false;

  int bits() const { return static_cast<std::uint8_t>(header[8]); }
  int color_type() const { return static_cast<std::uint8_t>(header[9]); }
  bool is_interlaced() const { return header[12] != 0; }
  bool has_alpha() const { return (color_type() & kAlphaBit) != 0 || !transparency.empty(); }
};

/// The chunks that libspng gets to see: no other part of a foreign file reaches it.
bool decides_pixels(const PngChunk& chunk) {
  return chunk.is_critical() || (chunk.type == "tRNS" && chunk.has_valid_checksum());
}

void keep_ancillary(PngParts& parts, const PngChunk& chunk) {
  if (!chunk.has_valid_checksum()) return;
  if (chunk.type == "tRNS") parts.transparency = chunk.data;
  if (chunk.type == "iCCP") parts.icc = chunk.data;
  if (chunk.type == "eXIf") parts.exif = chunk.data;
  if (chunk.type == "cHRM" && chunk.data.size() == 32) parts.chromaticities = chunk.data;
  if (chunk.type == "gAMA" && chunk.data.size() == 4) parts.gamma = read_big_endian(chunk.data);
  if (chunk.type == "acTL" && chunk.data.size() == 8) parts.animation = chunk.data;
  if (chunk.type == "sRGB") parts.is_srgb = true;
}

void keep_critical(PngParts& parts, const PngChunk& chunk) {
  const bool is_header = chunk.type == "IHDR";
  if (is_header != parts.header.empty() || (is_header && chunk.data.size() != 13)) {
    fail(codes::kImageInvalid, "the PNG file does not start with one valid IHDR chunk");
  }
  if (is_header) parts.header = chunk.data;
  if (chunk.type == "PLTE") parts.palette = chunk.data;
}

void check_palette(const PngParts& parts) {
  if (parts.color_type() != kPaletteType) return;
  const std::size_t colors = parts.palette.size() / 3;
  if (colors == 0 || parts.palette.size() % 3 != 0 || colors > std::size_t{1} << parts.bits()) {
    fail(codes::kImageInvalid, "the PNG file's palette is missing or has a wrong length");
  }
  if (parts.transparency.size() > colors) {
    fail(codes::kImageInvalid, "the PNG file has more transparency values than colours");
  }
}

void check_header(const PngParts& parts) {
  // Allowed depths by colour type, as bit masks of the depth itself (PNG specification, table 12).
  constexpr std::array<int, 7> kDepths = {1 | 2 | 4 | 8 | 16, 0, 8 | 16, 1 | 2 | 4 | 8, 8 | 16, 0, 8 | 16};
  const int type = parts.color_type(), bits = parts.bits();
  const bool one_bit_set = bits > 0 && (bits & (bits - 1)) == 0;
  if (type > 6 || !one_bit_set || (kDepths[static_cast<std::size_t>(type)] & bits) == 0) {
    fail(codes::kImageInvalid, "the PNG file names a colour type and a depth that do not go together");
  }
}

PngParts read_parts(std::string_view file) {
  PngParts parts;
  PngChunkReader reader(file);
  for (PngChunk chunk; reader.next(chunk);) {
    if (chunk.is_critical() || parts.header.empty())
      keep_critical(parts, chunk);
    else
      keep_ancillary(parts, chunk);
  }
  check_header(parts);
  check_palette(parts);
  return parts;
}

int side_of(std::string_view bytes) {
  const std::uint32_t side = read_big_endian(bytes);
  if (side == 0 || side > 0x7fffffff) fail(codes::kImageInvalid, "the PNG file has a side of 0 or over 2^31 pixels");
  return static_cast<int>(side);
}

/// Feeds libspng with the signature and the chunks that decide pixels, one after the other.
class PixelChunks {
 public:
  explicit PixelChunks(std::string_view file) : reader_(file), current_(kPngSignature) {}

  static int read(spng_ctx*, void* self, void* out, std::size_t length) {
    return static_cast<PixelChunks*>(self)->read(static_cast<char*>(out), length);
  }

 private:
  int read(char* out, std::size_t length) {
    while (length > 0) {
      if (current_.empty() && !advance()) return SPNG_IO_EOF;
      const std::size_t part = std::min(length, current_.size());
      std::memcpy(out, current_.data(), part);
      current_.remove_prefix(part);
      out += part;
      length -= part;
    }
    return 0;
  }

  // The file has been walked over once, so that the reader cannot throw here.
  bool advance() {
    for (PngChunk chunk; reader_.next(chunk);) {
      if (!decides_pixels(chunk)) continue;
      current_ = chunk.whole;
      return true;
    }
    return false;
  }

  PngChunkReader reader_;
  std::string_view current_;
};

/// One use of libspng.
class PngDecoder {
 public:
  explicit PngDecoder(std::string_view file) : chunks_(file), context_(spng_ctx_new(0)) {
    if (!context_) fail(codes::kOutOfMemory, "there is not enough memory to decode the PNG file", 500);
    check(spng_set_png_stream(context_.get(), PixelChunks::read, &chunks_));
  }

  Image decode(ImageSize size, const PngParts& parts) {
    if (parts.color_type() == kPaletteType) return decode_palette(size, parts);
    Image image(size, parts.has_alpha() ? 4 : 3);
    const int format = image.channels == 4 ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8;
    if (parts.bits() == 16)
      decode_rounded(image, parts.is_interlaced());
    else
      check(spng_decode_image(context_.get(), image.pixels.data(), image.pixels.size(), format, SPNG_DECODE_TRNS));
    check(spng_decode_chunks(context_.get()));
    return image;
  }

 private:
  void check(int error) const {
    if (error == 0) return;
    if (error == SPNG_EMEM) fail(codes::kOutOfMemory, "there is not enough memory to decode the PNG file", 500);
    fail(codes::kImageInvalid, std::string("the PNG file is damaged: ") + spng_strerror(error));
  }

  /// Of 16 bits, which libspng would cut to 8: row by row, so that only one is held in full depth.
  void decode_rounded(Image& image, bool interlaced) {
    check(spng_decode_image(context_.get(), nullptr, 0, SPNG_FMT_RGBA16, SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE));
    std::vector<std::uint16_t> row(static_cast<std::size_t>(image.width) * 4);
    for (int error = 0; error == 0;) {
      spng_row_info info = {};
      check(spng_get_row_info(context_.get(), &info));
      error = spng_decode_row(context_.get(), row.data(), row.size() * sizeof(std::uint16_t));
      if (error != SPNG_EOI) check(error);
      round_row(image, row, static_cast<int>(info.row_num), interlaced ? info.pass : 6);
    }
  }

  /// Rounds the pixels that a pass of the interlacing has brought; the last pass brings whole rows.
  static void round_row(Image& image, const std::vector<std::uint16_t>& row, int y, int pass) {
    constexpr std::array<int, 7> kFirst = {0, 4, 0, 2, 0, 1, 0}, kStep = {8, 8, 4, 4, 2, 2, 1};
    const auto index = static_cast<std::size_t>(pass), channels = static_cast<std::size_t>(image.channels);
    for (int x = kFirst[index]; x < image.width; x += kStep[index]) {
      for (std::size_t c = 0; c < channels; ++c) {
        const unsigned sample = row[static_cast<std::size_t>(x) * 4 + c];
        image.row(y)[static_cast<std::size_t>(x) * channels + c] = static_cast<std::uint8_t>((sample + 128) / 257);
      }
    }
  }

  /// The palette is looked up here, since an index past its end must be an error.
  Image decode_palette(ImageSize size, const PngParts& parts) {
    std::size_t length = 0;
    check(spng_decoded_image_size(context_.get(), SPNG_FMT_PNG, &length));
    std::vector<std::uint8_t> packed(length);
    check(spng_decode_image(context_.get(), packed.data(), packed.size(), SPNG_FMT_PNG, 0));
    check(spng_decode_chunks(context_.get()));
    Image image(size, parts.has_alpha() ? 4 : 3);
    const std::size_t packed_row = length / static_cast<std::size_t>(size.height);
    for (int y = 0; y < size.height; ++y)
      look_up(image, y, packed.data() + static_cast<std::size_t>(y) * packed_row, parts);
    return image;
  }

  static void look_up(Image& image, int y, const std::uint8_t* packed, const PngParts& parts) {
    const auto bits = static_cast<unsigned>(parts.bits());
    std::uint8_t* out = image.row(y);
    for (unsigned x = 0; x < static_cast<unsigned>(image.width); ++x, out += image.channels) {
      const std::size_t bit = std::size_t{x} * bits;
      const std::size_t index = (packed[bit / 8] >> (8 - bits - bit % 8)) & ((1U << bits) - 1);
      if (index * 3 >= parts.palette.size()) {
        fail(codes::kImageInvalid, "the PNG file uses a colour past the end of its palette");
      }
      std::memcpy(out, parts.palette.data() + index * 3, 3);
      const bool has_value = index < parts.transparency.size();
      if (image.channels == 4) out[3] = has_value ? static_cast<std::uint8_t>(parts.transparency[index]) : 255;
    }
  }

  PixelChunks chunks_;
  std::unique_ptr<spng_ctx, FreeWith<spng_ctx_free>> context_;
};

/// The profile of an iCCP chunk: a name, a zero byte, the method 0, a zlib stream.
std::optional<std::string> read_icc(std::string_view data) {
  const std::size_t name = data.find('\0');
  if (name == std::string_view::npos || data.size() < name + 2 || data[name + 1] != 0) return std::nullopt;
  return inflate_zlib(data.substr(name + 2), kMaxIccBytes);
}

double fixed_point(std::string_view bytes) {
  return read_big_endian(bytes) / 100'000.0;
}

bool is_plausible(const ColorSpace& space) {
  for (const double value : {space.white_x, space.white_y, space.red_x, space.red_y, space.green_x, space.green_y,
                             space.blue_x, space.blue_y}) {
    if (value > 1) return false;
  }
  return space.white_y > 0 && (!space.gamma || (*space.gamma >= 0.1 && *space.gamma <= 10));
}

/// The colours that gAMA and cHRM describe; nothing where they are sRGB's or make no sense.
std::optional<ColorSpace> read_color_space(const PngParts& parts, std::vector<std::string>& warnings) {
  if (parts.is_srgb || !parts.gamma) return std::nullopt;
  ColorSpace space;
  // 45455 stands for sRGB in practice, whose curve is not quite this power.
  if (*parts.gamma < 45'000 || *parts.gamma > 46'000) space.gamma = *parts.gamma == 0 ? 0 : 100'000.0 / *parts.gamma;
  if (const std::string_view at = parts.chromaticities; !at.empty()) {
    space.white_x = fixed_point(at.substr(0, 4)), space.white_y = fixed_point(at.substr(4, 4));
    space.red_x = fixed_point(at.substr(8, 4)), space.red_y = fixed_point(at.substr(12, 4));
    space.green_x = fixed_point(at.substr(16, 4)), space.green_y = fixed_point(at.substr(20, 4));
    space.blue_x = fixed_point(at.substr(24, 4)), space.blue_y = fixed_point(at.substr(28, 4));
  }
  if (is_plausible(space)) return space;
  warnings.push_back("the PNG file's gAMA or cHRM chunk makes no sense and was ignored");
  return std::nullopt;
}

}  // namespace

ImageInfo probe_png(std::string_view file) {
  const PngParts parts = read_parts(file);
  ImageInfo info;
  info.format = ImageFormat::png;
  info.size = {side_of(parts.header.substr(0, 4)), side_of(parts.header.substr(4, 4))};
  info.bits = parts.bits();
  info.has_alpha = parts.has_alpha();
  if (!parts.animation.empty()) info.frames = std::max<std::int64_t>(1, read_big_endian(parts.animation.substr(0, 4)));
  return info;
}

Frame decode_png(std::string_view file, const ImageInfo& info) {
  const PngParts parts = read_parts(file);
  Frame frame;
  frame.image = PngDecoder(file).decode(info.size, parts);
  if ((parts.color_type() & 2) == 0) frame.model = ColorModel::grey;
  if (!parts.icc.empty()) {
    frame.icc_profile = read_icc(parts.icc).value_or("");
    if (frame.icc_profile.empty())
      frame.warnings.push_back("the colour profile is damaged or above 4 MiB and was ignored");
  }
  if (frame.icc_profile.empty()) frame.color_space = read_color_space(parts, frame.warnings);
  frame.orientation = exif_orientation(parts.exif);
  return frame;
}

}  // namespace palimpsest
