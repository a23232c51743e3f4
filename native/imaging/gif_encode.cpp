#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <bit>

#include "native/imaging/codec.h"
#include "native/imaging/quantize.h"

namespace palimpsest {
namespace {

int append_bytes(GifFileType* gif, const GifByteType* bytes, int count) {
  static_cast<std::string*>(gif->UserData)->append(text_of(bytes, static_cast<std::size_t>(count)));
  return count;
}

[[noreturn]] void fail_with(int error) {
  const char* reason = GifErrorString(error);
  fail(codes::kImageNotEncoded,
       std::string("the GIF file could not be written: ") + (reason == nullptr ? "unknown reason" : reason), 500);
}

using ColorMap = std::unique_ptr<ColorMapObject, FreeWith<GifFreeMapObject>>;

/// Filled up to a power of two, as the format wants it.
ColorMap make_color_map(const IndexedImage& image) {
  std::array<GifColorType, 256> colors = {};
  for (std::size_t i = 0; i < image.colors.size(); ++i) {
    const auto& [red, green, blue] = image.colors[i];
    colors[i] = {red, green, blue};
  }
  const int count = std::max(2, static_cast<int>(std::bit_ceil(image.colors.size())));
  ColorMap map(GifMakeMapObject(count, colors.data()));
  if (!map) fail_with(E_GIF_ERR_NOT_ENOUGH_MEM);
  return map;
}

/// One use of giflib.
class GifEncoder {
 public:
  GifEncoder() {
    int error = 0;
    gif_ = EGifOpen(&file_, append_bytes, &error);
    if (gif_ == nullptr) fail_with(error);
    EGifSetGifVersion(gif_, true);
  }
  ~GifEncoder() {
    if (gif_ != nullptr) EGifCloseFile(gif_, nullptr);
  }
  GifEncoder(const GifEncoder&) = delete;
  GifEncoder& operator=(const GifEncoder&) = delete;

  std::string encode(ImageSize size, const IndexedImage& image, const ImageText& text) {
    const ColorMap colors = make_color_map(image);
    check(EGifPutScreenDesc(gif_, size.width, size.height, 8, 0, colors.get()));
    for (const auto& [key, value] : text) check(EGifPutComment(gif_, (key + ": " + value).c_str()));
    if (image.transparent >= 0) put_transparency(image.transparent);
    check(EGifPutImageDesc(gif_, 0, 0, size.width, size.height, false, nullptr));
    std::vector<GifPixelType> row(static_cast<std::size_t>(size.width));
    for (auto from = image.indices.begin(); from != image.indices.end(); from += size.width) {
      std::copy_n(from, row.size(), row.begin());
      check(EGifPutLine(gif_, row.data(), size.width));
    }
    int error = E_GIF_SUCCEEDED;
    GifFileType* closing = std::exchange(gif_, nullptr);
    if (EGifCloseFile(closing, &error) == GIF_ERROR) fail_with(error);
    return std::move(file_);
  }

 private:
  void check(int status) const {
    if (status == GIF_ERROR) fail_with(gif_->Error);
  }

  void put_transparency(int index) {
    const GraphicsControlBlock control = {DISPOSAL_UNSPECIFIED, false, 0, index};
    std::array<GifByteType, 4> block = {};
    const std::size_t size = EGifGCBToExtension(&control, block.data());
    check(EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, static_cast<int>(size), block.data()));
  }

  std::string file_;
  GifFileType* gif_ = nullptr;
};

}  // namespace

std::string encode_gif(const Image& image, const EncodeOptions& options) {
  return GifEncoder().encode(image.size(), quantize(image), options.text);
}

}  // namespace palimpsest
