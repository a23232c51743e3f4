#include <cstdio>  // jpeglib.h needs FILE before it

#include <jpeglib.h>  // and jerror.h its settings: message numbers depend on them

#include <jerror.h>

#include <csetjmp>
#include <cstdlib>

#include "native/imaging/codec.h"

namespace palimpsest {
namespace {

constexpr int kMaxScans = 1'000;
// Scans times pixels: 64 scans of the largest picture. A sensible progressive file has about ten.
constexpr std::int64_t kMaxScanPixels = 4'096'000'000;

/// libjpeg's error manager and what we know beside it. The library calls back with a pointer to the first member.
struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf escape;
  bool too_complex;
  bool has_extraneous_data;
};

JpegErrors& errors_of(j_common_ptr jpeg) {
  return *reinterpret_cast<JpegErrors*>(jpeg->err);
}

[[noreturn]] void leave(j_common_ptr jpeg) {
  std::longjmp(errors_of(jpeg).escape, 1);
}

/// Of a warning: libjpeg would go on and fill up with grey. Only what does not touch pixels is let pass.
void emit_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  const int code = jpeg->err->msg_code;
  if (code == JWRN_EXTRANEOUS_DATA)
    errors_of(jpeg).has_extraneous_data = true;
  else if (code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM && code != JWRN_BOGUS_ICC)
    leave(jpeg);
}

/// Called before each row of blocks that is read.
void watch_scans(j_common_ptr jpeg) {
  const auto* decompress = reinterpret_cast<j_decompress_ptr>(jpeg);
  const std::int64_t pixels = std::int64_t{decompress->image_width} * decompress->image_height;
  const int scans = decompress->input_scan_number;
  if (scans <= kMaxScans && scans * pixels <= kMaxScanPixels) return;
  errors_of(jpeg).too_complex = true;
  leave(jpeg);
}

/// One use of libjpeg. Its errors arrive by longjmp in guarded(), never past an object with a destructor, and go on
/// from there as exceptions.
class JpegDecoder {
 public:
  JpegDecoder() {
    jpeg_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = leave;
    errors_.manager.emit_message = emit_message;
    progress_.progress_monitor = watch_scans;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&jpeg_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  void read_header(std::string_view file) {
    guarded([&] {
      jpeg_create_decompress(&jpeg_);
      jpeg_.progress = &progress_;
      jpeg_mem_src(&jpeg_, bytes_of(file), static_cast<unsigned long>(file.size()));
      jpeg_save_markers(&jpeg_, JPEG_APP0 + 1, 0xffff);  // EXIF
      jpeg_save_markers(&jpeg_, JPEG_APP0 + 2, 0xffff);  // ICC
      jpeg_read_header(&jpeg_, TRUE);
    });
    check_kind();
  }

  ImageInfo info() const {
    ImageInfo info;
    info.format = ImageFormat::jpeg;
    info.size = {static_cast<int>(jpeg_.image_width), static_cast<int>(jpeg_.image_height)};
    info.bits = jpeg_.data_precision;
    return info;
  }

  Frame decode() {
    const bool is_cmyk = jpeg_.num_components == 4;
    Frame frame;
    frame.model = is_cmyk ? ColorModel::cmyk : jpeg_.num_components == 1 ? ColorModel::grey : ColorModel::rgb;
    frame.orientation = orientation();
    read_icc(frame);
    frame.image = Image(info().size, is_cmyk ? 4 : 3);
    read_pixels(frame.image, is_cmyk ? JCS_CMYK : JCS_RGB);
    if (is_cmyk && jpeg_.saw_Adobe_marker) invert(frame.image);
    if (errors_.has_extraneous_data) frame.warnings.push_back("the JPEG file has stray bytes between its segments");
    return frame;
  }

 private:
  /// Runs calls into libjpeg. `call` has nothing to destroy when it is left by a jump.
  template <typename Call>
  void guarded(Call call) {
    if (setjmp(errors_.escape) == 0) {
      call();
      return;
    }
    throw_error();
  }

  [[noreturn]] void throw_error() {
    const int code = errors_.manager.msg_code;
    if (errors_.too_complex) {
      fail(codes::kImageTooComplex, "the JPEG file has more than 1,000 scans, or too many for its size");
    }
    if (code == JWRN_JPEG_EOF || code == JERR_INPUT_EOF) {
      fail(codes::kImageTruncated, "the JPEG file ends before the picture is complete");
    }
    if (code == JERR_OUT_OF_MEMORY)
      fail(codes::kOutOfMemory, "there is not enough memory to decode the JPEG file", 500);
    char text[JMSG_LENGTH_MAX];
    errors_.manager.format_message(reinterpret_cast<j_common_ptr>(&jpeg_), text);
    const bool unsupported = code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED || code == JERR_ARITH_NOTIMPL;
    fail(unsupported ? codes::kImageUnsupported : codes::kImageInvalid,
         std::string("the JPEG file cannot be decoded: ") + text, unsupported ? 415 : 400);
  }

  void check_kind() const {
    if (jpeg_.arith_code) fail(codes::kImageUnsupported, "JPEG files with arithmetic coding are not read", 415);
    const int components = jpeg_.num_components;
    const J_COLOR_SPACE space = jpeg_.jpeg_color_space;
    const bool known = (components == 1 && space == JCS_GRAYSCALE) ||
                       (components == 3 && (space == JCS_YCbCr || space == JCS_RGB)) ||
                       (components == 4 && (space == JCS_CMYK || space == JCS_YCCK));
    if (!known) fail(codes::kImageUnsupported, "the JPEG file is neither grey nor RGB nor CMYK", 415);
  }

  Orientation orientation() const {
    using namespace std::string_view_literals;
    for (const jpeg_marker_struct* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view data = text_of(marker->data, marker->data_length);
      if (marker->marker == JPEG_APP0 + 1 && data.substr(0, 6) == "Exif\0\0"sv) return exif_orientation(data);
    }
    return Orientation::upright;
  }

  bool has_icc_marker() const {
    using namespace std::string_view_literals;
    for (const jpeg_marker_struct* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view data = text_of(marker->data, marker->data_length);
      if (marker->marker == JPEG_APP0 + 2 && data.substr(0, 12) == "ICC_PROFILE\0"sv) return true;
    }
    return false;
  }

  void read_icc(Frame& frame) {
    if (!has_icc_marker()) return;
    JOCTET* bytes = nullptr;
    unsigned int size = 0;
    guarded([&] { jpeg_read_icc_profile(&jpeg_, &bytes, &size); });
    const std::unique_ptr<JOCTET, FreeWith<std::free>> owner(bytes);
    if (bytes != nullptr)
      frame.icc_profile.assign(text_of(bytes, size));
    else
      frame.warnings.push_back("the colour profile is incomplete and was ignored");
  }

  void read_pixels(Image& image, J_COLOR_SPACE space) {
    guarded([&] {
      jpeg_.out_color_space = space;
      jpeg_.dct_method = JDCT_ISLOW;
      jpeg_start_decompress(&jpeg_);
      while (jpeg_.output_scanline < jpeg_.output_height) {
        JSAMPROW row = image.row(static_cast<int>(jpeg_.output_scanline));
        jpeg_read_scanlines(&jpeg_, &row, 1);
      }
      jpeg_finish_decompress(&jpeg_);
    });
  }

  /// Adobe's programs store CMYK with 255 for no ink.
  static void invert(Image& image) {
    for (std::uint8_t& sample : image.pixels) sample = static_cast<std::uint8_t>(255 - sample);
  }

  jpeg_decompress_struct jpeg_ = {};
  JpegErrors errors_ = {};
  jpeg_progress_mgr progress_ = {};
};

}  // namespace

ImageInfo probe_jpeg(std::string_view file) {
  JpegDecoder decoder;
  decoder.read_header(file);
  return decoder.info();
}

Frame decode_jpeg(std::string_view file, const ImageInfo&) {
  JpegDecoder decoder;
  decoder.read_header(file);
  return decoder.decode();
}

}  // namespace palimpsest
