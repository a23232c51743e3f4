#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "native/imaging/codec.h"
#include "native/imaging/gif_blocks.h"

namespace palimpsest {
namespace {

int read_bytes(GifFileType* gif, GifByteType* out, int count) {
  auto& rest = *static_cast<std::string_view*>(gif->UserData);
  const std::size_t taken = std::min(rest.size(), static_cast<std::size_t>(count));
  std::memcpy(out, rest.data(), taken);
  rest.remove_prefix(taken);
  return static_cast<int>(taken);
}

[[noreturn]] void fail_with(int error) {
  if (error == D_GIF_ERR_NOT_ENOUGH_MEM) {
    fail(codes::kOutOfMemory, "there is not enough memory to decode the GIF file", 500);
  }
  const bool truncated = error == D_GIF_ERR_EOF_TOO_SOON || error == D_GIF_ERR_READ_FAILED;
  if (truncated) fail(codes::kImageTruncated, "the GIF file's picture data end early");
  const char* reason = GifErrorString(error);
  fail(codes::kImageInvalid, std::string("the GIF file is damaged: ") + (reason == nullptr ? "bad data" : reason));
}

/// One use of giflib, by its calls for single rows: those that read a file as a whole have had the holes.
class GifDecoder {
 public:
  explicit GifDecoder(std::string_view file) : rest_(file) {
    int error = 0;
    gif_.reset(DGifOpen(&rest_, read_bytes, &error));
    if (!gif_) fail_with(error);
  }

  /// Draws the first frame into an RGBA picture of the screen's size.
  void draw_first_frame(Image& image, const GifLayout& layout) {
    skip_to_first_frame();
    const GifImageDesc& frame = gif_->Image;
    const ColorMapObject* colors = frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap;
    std::vector<GifPixelType> row(static_cast<std::size_t>(frame.Width));
    for (const int y : row_order(frame)) {
      check(DGifGetLine(gif_.get(), row.data(), frame.Width));
      std::uint8_t* out = image.row(layout.top + y) + static_cast<std::ptrdiff_t>(layout.left) * 4;
      for (const GifPixelType index : row) {
        draw(out, index, *colors, layout.transparent);
        out += 4;
      }
    }
  }

 private:
  struct Close {
    void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
  };

  void check(int status) const {
    if (status == GIF_ERROR) fail_with(gif_->Error);
  }

  void skip_to_first_frame() {
    for (;;) {
      GifRecordType record = UNDEFINED_RECORD_TYPE;
      check(DGifGetRecordType(gif_.get(), &record));
      if (record == IMAGE_DESC_RECORD_TYPE) break;
      int label = 0;
      GifByteType* block = nullptr;
      check(DGifGetExtension(gif_.get(), &label, &block));
      while (block != nullptr) check(DGifGetExtensionNext(gif_.get(), &block));
    }
    check(DGifGetImageDesc(gif_.get()));
  }

  /// Rows in the order in which they are stored.
  static std::vector<int> row_order(const GifImageDesc& frame) {
    constexpr std::array<std::pair<int, int>, 4> kPasses = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    std::vector<int> rows;
    rows.reserve(static_cast<std::size_t>(frame.Height));
    if (!frame.Interlace) {
      for (int y = 0; y < frame.Height; ++y) rows.push_back(y);
      return rows;
    }
    for (const auto& [first, step] : kPasses) {
      for (int y = first; y < frame.Height; y += step) rows.push_back(y);
    }
    return rows;
  }

  static void draw(std::uint8_t* out, int index, const ColorMapObject& colors, std::optional<int> transparent) {
    if (index == transparent) return;
    if (index >= colors.ColorCount) fail(codes::kImageInvalid, "the GIF file uses a colour past the end of its table");
    const GifColorType& color = colors.Colors[index];
    out[0] = color.Red;
    out[1] = color.Green;
    out[2] = color.Blue;
    out[3] = 255;
  }

  std::string_view rest_;
  std::unique_ptr<GifFileType, Close> gif_;
};

}  // namespace

ImageInfo probe_gif(std::string_view file) {
  const GifLayout layout = read_gif_layout(file);
  ImageInfo info;
  info.format = ImageFormat::gif;
  info.size = layout.screen;
  info.has_alpha = layout.transparent.has_value() || layout.first_frame != layout.screen;
  info.frames = layout.frames;
  return info;
}

Frame decode_gif(std::string_view file, const ImageInfo& info) {
  Frame frame;
  frame.image = Image(info.size, 4);
  GifDecoder(file).draw_first_frame(frame.image, read_gif_layout(file));
  if (!info.has_alpha) frame.image = to_rgb(frame.image);
  return frame;
}

}  // namespace palimpsest
