#include "native/imaging/gif_blocks.h"

#include "native/imaging/byte_order.h"
#include "native/imaging/codec.h"

namespace palimpsest {
namespace {

constexpr int kExtension = 0x21, kImage = 0x2c, kTerminator = 0x3b;
constexpr int kGraphicControl = 0xf9;

class GifWalker {
 public:
  explicit GifWalker(std::string_view file) : rest_(file) {}

  GifLayout walk() {
    take(6);  // the signature has been looked at
    const std::string_view screen = take(7);
    layout_.screen = size_at(screen, 0);
    has_global_colors_ = skip_color_table(screen[4]);
    for (;;) {
      const int block = byte();
      if (block == kTerminator) break;
      if (block == kImage)
        read_image();
      else if (block == kExtension)
        read_extension();
      else
        fail(codes::kImageInvalid, "the GIF file has an unknown block");
    }
    if (layout_.frames == 0) fail(codes::kImageInvalid, "the GIF file has no picture in it");
    return layout_;
  }

 private:
  std::string_view take(std::size_t count) {
    if (rest_.size() < count) fail(codes::kImageTruncated, "the GIF file ends before its terminator");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  int byte() { return static_cast<std::uint8_t>(take(1)[0]); }
  static int u16(std::string_view bytes, std::size_t at) {
    return static_cast<int>(read_little_endian(bytes.substr(at, 2)));
  }
  static ImageSize size_at(std::string_view bytes, std::size_t at) { return {u16(bytes, at), u16(bytes, at + 2)}; }

  /// Whether the flags of a screen or a frame say that a colour table follows.
  bool skip_color_table(char flags) {
    const auto bits = static_cast<std::uint8_t>(flags);
    if ((bits & 0x80U) == 0) return false;
    take(std::size_t{3} << ((bits & 7U) + 1));
    return true;
  }

  void skip_sub_blocks() {
    while (const int length = byte()) take(static_cast<std::size_t>(length));
  }

  void read_extension() {
    const int label = byte();
    if (label == kGraphicControl && layout_.frames == 0 && !rest_.empty() && rest_[0] == 4) {
      const std::string_view control = take(5);
      const bool see_through = (static_cast<std::uint8_t>(control[1]) & 1U) != 0;
      layout_.transparent.reset();
      if (see_through) layout_.transparent = static_cast<std::uint8_t>(control[4]);
    }
    skip_sub_blocks();
  }

  void read_image() {
    const std::string_view descriptor = take(9);
    const bool has_colors = skip_color_table(descriptor[8]) || has_global_colors_;
    const int code_size = byte();
    if (layout_.frames++ == 0) {
      layout_.left = u16(descriptor, 0);
      layout_.top = u16(descriptor, 2);
      layout_.first_frame = size_at(descriptor, 4);
      check_first_frame(has_colors, code_size);
    }
    skip_sub_blocks();
  }

  void check_first_frame(bool has_colors, int code_size) const {
    const auto [width, height] = layout_.first_frame;
    if (width == 0 || height == 0) fail(codes::kImageInvalid, "the GIF file's first frame has a side of 0 pixels");
    if (layout_.left + width > layout_.screen.width || layout_.top + height > layout_.screen.height) {
      fail(codes::kImageInvalid, "the GIF file's first frame lies outside of its screen");
    }
    if (!has_colors) fail(codes::kImageInvalid, "the GIF file has no colour table");
    if (code_size < 2 || code_size > 8) fail(codes::kImageInvalid, "the GIF file's code size is not from 2 to 8");
  }

  std::string_view rest_;
  GifLayout layout_;
  bool has_global_colors_ = false;
};

}  // namespace

GifLayout read_gif_layout(std::string_view file) {
  return GifWalker(file).walk();
}

}  // namespace palimpsest
