#include <avif/avif.h>

#include <algorithm>
#include <array>

#include "native/imaging/codec.h"

namespace palimpsest {
namespace {

[[noreturn]] void fail_with(avifResult result) {
  switch (result) {
    case AVIF_RESULT_TRUNCATED_DATA:
    case AVIF_RESULT_IO_ERROR:
      fail(codes::kImageTruncated, "the AVIF file ends before the picture is complete");
    case AVIF_RESULT_OUT_OF_MEMORY:
      fail(codes::kOutOfMemory, "there is not enough memory to decode the AVIF file", 500);
    case AVIF_RESULT_NO_AV1_ITEMS_FOUND:
    case AVIF_RESULT_NO_CODEC_AVAILABLE:
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
    case AVIF_RESULT_NOT_IMPLEMENTED:
      fail(codes::kImageUnsupported, "the AVIF file holds no AV1 picture that can be read", 415);
    default:
      fail(codes::kImageInvalid, std::string("the AVIF file is damaged: ") + avifResultToString(result));
  }
}

void check(avifResult result) {
  if (result != AVIF_RESULT_OK) fail_with(result);
}

using Decoder = std::unique_ptr<avifDecoder, FreeWith<avifDecoderDestroy>>;

/// A decoder that has read the container of `file`. `max_pixels` binds the AV1 decoder too.
Decoder parse(std::string_view file, std::uint32_t max_pixels) {
  Decoder decoder(avifDecoderCreate());
  if (!decoder) fail_with(AVIF_RESULT_OUT_OF_MEMORY);
  decoder->maxThreads = 1;
  decoder->ignoreExif = AVIF_TRUE;  // the format's own properties say how the picture is turned
  decoder->ignoreXMP = AVIF_TRUE;
  decoder->imageSizeLimit = max_pixels;
  // Older files of other writers lack `pixi`, and `ispe` of alpha; neither is needed.
  decoder->strictFlags = AVIF_STRICT_CLAP_VALID;
  check(avifDecoderSetIOMemory(decoder.get(), bytes_of(file), file.size()));
  check(avifDecoderParse(decoder.get()));
  return decoder;
}

ImageSize size_of(const avifImage& image) {
  return {static_cast<int>(image.width), static_cast<int>(image.height)};
}

Image convert_to_rgb(const avifImage& source, bool has_alpha) {
  Image image(size_of(source), has_alpha ? 4 : 3);
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, &source);
  rgb.depth = 8;
  rgb.format = has_alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.pixels = image.pixels.data();
  rgb.rowBytes = static_cast<std::uint32_t>(image.row_bytes());
  check(avifImageYUVToRGB(&source, &rgb));
  return image;
}

/// Cuts the picture to its clean aperture.
Image crop(Image image, const avifImage& source) {
  if ((source.transformFlags & AVIF_TRANSFORM_CLAP) == 0) return image;
  avifCropRect rect = {};
  avifDiagnostics unused = {};
  if (!avifCropRectConvertCleanApertureBox(&rect, &source.clap, source.width, source.height, source.yuvFormat,
                                           &unused)) {
    fail(codes::kImageInvalid, "the AVIF file's clean aperture is not valid");
  }
  Image cut({static_cast<int>(rect.width), static_cast<int>(rect.height)}, image.channels);
  const std::size_t offset = std::size_t{rect.x} * static_cast<std::size_t>(image.channels);
  for (int y = 0; y < cut.height; ++y) {
    std::copy_n(image.row(static_cast<int>(rect.y) + y) + offset, cut.row_bytes(), cut.row(y));
  }
  return cut;
}

/// The format turns anticlockwise first and mirrors then.
Orientation orientation_of(const avifImage& image) {
  using enum Orientation;
  constexpr std::array<Orientation, 4> kTurned = {upright, three_quarter_turn, half_turn, quarter_turn};
  constexpr std::array<Orientation, 4> kThenTopToBottom = {mirrored_half_turn, transposed, mirrored, anti_transposed};
  constexpr std::array<Orientation, 4> kThenLeftToRight = {mirrored, anti_transposed, mirrored_half_turn, transposed};
  const std::size_t turns = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image.irot.angle & 3U : 0;
  if ((image.transformFlags & AVIF_TRANSFORM_IMIR) == 0) return kTurned[turns];
  return image.imir.mode == 0 ? kThenTopToBottom[turns] : kThenLeftToRight[turns];
}

bool is_hdr(const avifImage& image) {
  return image.transferCharacteristics == AVIF_TRANSFER_CHARACTERISTICS_SMPTE2084 ||
         image.transferCharacteristics == AVIF_TRANSFER_CHARACTERISTICS_HLG;
}

/// Primaries and curve that the file names by number; nothing where they are sRGB's or unspecified.
std::optional<ColorSpace> color_space_of(const avifImage& image) {
  const bool wide =
      image.colorPrimaries == AVIF_COLOR_PRIMARIES_BT2020 || image.colorPrimaries == AVIF_COLOR_PRIMARIES_SMPTE432;
  const bool linear = image.transferCharacteristics == AVIF_TRANSFER_CHARACTERISTICS_LINEAR;
  if (!wide && !linear) return std::nullopt;
  ColorSpace space;
  if (wide) {
    std::array<float, 8> at = {};
    avifColorPrimariesGetValues(image.colorPrimaries, at.data());
    space = {.white_x = at[6],
             .white_y = at[7],
             .red_x = at[0],
             .red_y = at[1],
             .green_x = at[2],
             .green_y = at[3],
             .blue_x = at[4],
             .blue_y = at[5],
             .gamma = std::nullopt};
  }
  if (linear) space.gamma = 1;
  return space;
}

}  // namespace

ImageInfo probe_avif(std::string_view file) {
  const Decoder decoder = parse(file, AVIF_DEFAULT_IMAGE_SIZE_LIMIT);
  ImageInfo info;
  info.format = ImageFormat::avif;
  info.size = size_of(*decoder->image);
  info.bits = static_cast<int>(decoder->image->depth);
  info.has_alpha = decoder->alphaPresent != AVIF_FALSE;
  info.frames = decoder->imageCount;
  return info;
}

Frame decode_avif(std::string_view file, const ImageInfo& info) {
  const auto pixels = static_cast<std::uint32_t>(std::int64_t{info.size.width} * info.size.height);
  const Decoder decoder = parse(file, pixels);
  check(avifDecoderNextImage(decoder.get()));
  const avifImage& source = *decoder->image;
  if (size_of(source) != info.size) fail(codes::kImageInvalid, "the AVIF file states two different sizes");
  Frame frame;
  frame.image = crop(convert_to_rgb(source, info.has_alpha), source);
  if (source.yuvFormat == AVIF_PIXEL_FORMAT_YUV400) frame.model = ColorModel::grey;
  frame.icc_profile.assign(text_of(source.icc.data, source.icc.size));
  frame.color_space = color_space_of(source);
  frame.orientation = orientation_of(source);
  if (is_hdr(source)) frame.warnings.push_back("the picture's high dynamic range was read as if it were sRGB");
  return frame;
}

}  // namespace palimpsest
