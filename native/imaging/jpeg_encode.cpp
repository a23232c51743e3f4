#include <cstdio>  // jpeglib.h needs FILE before it

#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>

#include "native/imaging/blend.h"
#include "native/imaging/codec.h"
#include "native/imaging/xmp.h"

namespace palimpsest {
namespace {

constexpr int kDefaultQuality = 92, kFullColorAbove = 90;
constexpr std::size_t kMaxSegmentBytes = 65'533;

struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf escape;
};

[[noreturn]] void leave(j_common_ptr jpeg) {
  std::longjmp(reinterpret_cast<JpegErrors*>(jpeg->err)->escape, 1);
}

std::string xmp_segment(const ImageText& text) {
  using namespace std::string_view_literals;
  if (text.empty()) return "";
  std::string segment("http://ns.adobe.com/xap/1.0/\0"sv);
  segment += xmp_packet(text);
  if (segment.size() > kMaxSegmentBytes) {
    fail(codes::kInvalidValue, "the metadata text is longer than the 65,533 bytes that a JPEG file can hold");
  }
  return segment;
}

/// One use of libjpeg. Its errors arrive by longjmp in encode().
class JpegEncoder {
 public:
  JpegEncoder() {
    jpeg_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = leave;
  }
  ~JpegEncoder() {
    jpeg_destroy_compress(&jpeg_);
    std::free(bytes_);
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  std::string encode(const Image& image, int quality, const std::string& xmp) {
    if (setjmp(errors_.escape) != 0) {
      char text[JMSG_LENGTH_MAX];
      errors_.manager.format_message(reinterpret_cast<j_common_ptr>(&jpeg_), text);
      fail(codes::kImageNotEncoded, std::string("the JPEG file could not be written: ") + text, 500);
    }
    start(image, quality);
    if (!xmp.empty()) jpeg_write_marker(&jpeg_, JPEG_APP0 + 1, bytes_of(xmp), static_cast<unsigned>(xmp.size()));
    while (jpeg_.next_scanline < jpeg_.image_height) {
      // libjpeg only reads through this pointer.
      JSAMPROW row = const_cast<JSAMPROW>(image.row(static_cast<int>(jpeg_.next_scanline)));
      jpeg_write_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_compress(&jpeg_);
    return std::string(text_of(bytes_, size_));
  }

 private:
  void start(const Image& image, int quality) {
    jpeg_create_compress(&jpeg_);
    jpeg_mem_dest(&jpeg_, &bytes_, &size_);
    jpeg_.image_width = static_cast<JDIMENSION>(image.width);
    jpeg_.image_height = static_cast<JDIMENSION>(image.height);
    jpeg_.input_components = image.channels;
    jpeg_.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality, TRUE);
    jpeg_.optimize_coding = TRUE;
    if (quality > kFullColorAbove) jpeg_.comp_info[0].h_samp_factor = jpeg_.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&jpeg_, TRUE);
  }

  jpeg_compress_struct jpeg_ = {};
  JpegErrors errors_ = {};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::string encode_jpeg(const Image& image, const EncodeOptions& options) {
  const std::string xmp = xmp_segment(options.text);
  const int quality = options.quality.value_or(kDefaultQuality);
  if (image.channels != 4) return JpegEncoder().encode(image, quality, xmp);
  return JpegEncoder().encode(blend_on_white(image), quality, xmp);
}

}  // namespace palimpsest
