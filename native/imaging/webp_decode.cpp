#include <webp/decode.h>
#include <webp/demux.h>

#include "native/imaging/byte_order.h"
#include "native/imaging/codec.h"

namespace palimpsest {
namespace {

constexpr std::size_t kRiffHeaderBytes = 12;

void check_riff_size(std::string_view file) {
  const std::uint64_t declared = std::uint64_t{8} + read_little_endian(file.substr(4, 4));
  if (file.size() < kRiffHeaderBytes + 8 || declared > file.size()) {
    fail(codes::kImageTruncated, "the WebP file is shorter than its header says");
  }
}

/// The parts of a WebP file and its first frame.
class WebpFile {
 public:
  explicit WebpFile(std::string_view file) {
    check_riff_size(file);
    const WebPData data = {bytes_of(file), file.size()};
    demuxer_.reset(WebPDemux(&data));
    if (!demuxer_ || WebPDemuxGetFrame(demuxer_.get(), 1, &frame_) == 0) {
      fail(codes::kImageInvalid, "the WebP file is damaged");
    }
  }
  ~WebpFile() { WebPDemuxReleaseIterator(&frame_); }
  WebpFile(const WebpFile&) = delete;
  WebpFile& operator=(const WebpFile&) = delete;

  ImageSize canvas() const {
    return {static_cast<int>(WebPDemuxGetI(demuxer_.get(), WEBP_FF_CANVAS_WIDTH)),
            static_cast<int>(WebPDemuxGetI(demuxer_.get(), WEBP_FF_CANVAS_HEIGHT))};
  }
  std::int64_t frames() const { return WebPDemuxGetI(demuxer_.get(), WEBP_FF_FRAME_COUNT); }
  const WebPIterator& frame() const { return frame_; }

  /// Whether the first frame has transparent pixels or leaves a part of the canvas free.
  bool has_alpha() const { return frame_.has_alpha != 0 || ImageSize{frame_.width, frame_.height} != canvas(); }

  /// The data of a chunk; empty where there is none.
  std::string chunk(const char* name) const {
    WebPChunkIterator found = {};
    std::string data;
    if (WebPDemuxGetChunk(demuxer_.get(), name, 1, &found) != 0) data = text_of(found.chunk.bytes, found.chunk.size);
    WebPDemuxReleaseChunkIterator(&found);
    return data;
  }

 private:
  std::unique_ptr<WebPDemuxer, FreeWith<WebPDemuxDelete>> demuxer_;
  WebPIterator frame_ = {};
};

void check_placement(const WebPIterator& frame, ImageSize canvas) {
  const bool inside = frame.x_offset >= 0 && frame.y_offset >= 0 && frame.width <= canvas.width - frame.x_offset &&
                      frame.height <= canvas.height - frame.y_offset;
  if (!inside) fail(codes::kImageInvalid, "the WebP file's first frame lies outside of its canvas");
}

void check_status(VP8StatusCode status) {
  if (status == VP8_STATUS_OK) return;
  if (status == VP8_STATUS_OUT_OF_MEMORY) {
    fail(codes::kOutOfMemory, "there is not enough memory to decode the WebP file", 500);
  }
  const bool truncated = status == VP8_STATUS_SUSPENDED || status == VP8_STATUS_NOT_ENOUGH_DATA;
  if (truncated) fail(codes::kImageTruncated, "the WebP file's picture data end early");
  fail(codes::kImageInvalid, "the WebP file's picture data are damaged");
}

/// Decodes into the canvas; what the frame leaves free stays transparent.
void decode_into(Image& image, const WebPIterator& frame) {
  check_placement(frame, image.size());
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) fail(codes::kInternal, "the WebP library is of another version", 500);
  const std::size_t offset = static_cast<std::size_t>(frame.y_offset) * image.row_bytes() +
                             static_cast<std::size_t>(frame.x_offset) * static_cast<std::size_t>(image.channels);
  config.output.colorspace = image.channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = image.pixels.data() + offset;
  config.output.u.RGBA.stride = static_cast<int>(image.row_bytes());
  config.output.u.RGBA.size = image.pixels.size() - offset;
  const VP8StatusCode status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
  WebPFreeDecBuffer(&config.output);
  check_status(status);
}

}  // namespace

ImageInfo probe_webp(std::string_view file) {
  const WebpFile webp(file);
  ImageInfo info;
  info.format = ImageFormat::webp;
  info.size = webp.canvas();
  info.has_alpha = webp.has_alpha();
  info.frames = webp.frames();
  return info;
}

Frame decode_webp(std::string_view file, const ImageInfo& info) {
  const WebpFile webp(file);
  Frame frame;
  frame.image = Image(info.size, info.has_alpha ? 4 : 3);
  decode_into(frame.image, webp.frame());
  frame.icc_profile = webp.chunk("ICCP");
  frame.orientation = exif_orientation(webp.chunk("EXIF"));
  return frame;
}

}  // namespace palimpsest
