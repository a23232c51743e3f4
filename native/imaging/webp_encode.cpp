#include <webp/encode.h>
#include <webp/mux.h>

#include <fmt/format.h>

#include "native/imaging/codec.h"
#include "native/imaging/xmp.h"

namespace palimpsest {
namespace {

constexpr int kDefaultQuality = 90, kLossless = 100;
constexpr int kLosslessLevel = 4;  // of 9: higher levels take several times as long for little

class WebpPicture {
 public:
  WebpPicture() {
    if (WebPPictureInit(&picture_) == 0) fail(codes::kInternal, "the WebP library is of another version", 500);
    WebPMemoryWriterInit(&writer_);
    picture_.use_argb = 1;
    picture_.writer = WebPMemoryWrite;
    picture_.custom_ptr = &writer_;
  }
  ~WebpPicture() {
    WebPPictureFree(&picture_);
    WebPMemoryWriterClear(&writer_);
  }
  WebpPicture(const WebpPicture&) = delete;
  WebpPicture& operator=(const WebpPicture&) = delete;

  std::string encode(const Image& image, const WebPConfig& config) {
    import(image);
    if (WebPEncode(&config, &picture_) == 0) {
      fail(codes::kImageNotEncoded,
           fmt::format("the WebP file could not be written (libwebp error {})", static_cast<int>(picture_.error_code)),
           500);
    }
    return std::string(text_of(writer_.mem, writer_.size));
  }

 private:
  void import(const Image& image) {
    picture_.width = image.width;
    picture_.height = image.height;
    const int stride = static_cast<int>(image.row_bytes());
    const bool done = image.channels == 4 ? WebPPictureImportRGBA(&picture_, image.pixels.data(), stride) != 0
                                          : WebPPictureImportRGB(&picture_, image.pixels.data(), stride) != 0;
    if (!done) fail(codes::kOutOfMemory, "there is not enough memory to write the WebP file", 500);
  }

  WebPPicture picture_;
  WebPMemoryWriter writer_;
};

WebPConfig make_config(int quality) {
  WebPConfig config;
  bool valid = WebPConfigInit(&config) != 0;
  config.quality = static_cast<float>(quality);
  if (quality == kLossless) valid = valid && WebPConfigLosslessPreset(&config, kLosslessLevel) != 0;
  config.exact = 1;  // colours of see-through pixels are pixels too
  if (!valid) fail(codes::kInternal, "the WebP library is of another version", 500);
  return config;
}

std::string with_xmp(const std::string& file, const std::string& xmp) {
  const WebPData picture = {bytes_of(file), file.size()}, metadata = {bytes_of(xmp), xmp.size()};
  const std::unique_ptr<WebPMux, FreeWith<WebPMuxDelete>> mux(WebPMuxCreate(&picture, 0));
  WebPData assembled = {};
  const bool done = mux && WebPMuxSetChunk(mux.get(), "XMP ", &metadata, 0) == WEBP_MUX_OK &&
                    WebPMuxAssemble(mux.get(), &assembled) == WEBP_MUX_OK;
  std::string result(text_of(assembled.bytes, assembled.size));
  WebPDataClear(&assembled);
  if (!done) fail(codes::kImageNotEncoded, "the WebP file's metadata could not be written", 500);
  return result;
}

}  // namespace

std::string encode_webp(const Image& image, const EncodeOptions& options) {
  const WebPConfig config = make_config(options.quality.value_or(kDefaultQuality));
  const std::string file = WebpPicture().encode(image.channels == 1 ? to_rgb(image) : image, config);
  return options.text.empty() ? file : with_xmp(file, xmp_packet(options.text));
}

}  // namespace palimpsest
