#include <avif/avif.h>

#include "native/imaging/codec.h"
#include "native/imaging/xmp.h"

namespace palimpsest {
namespace {

constexpr int kDefaultQuality = 85, kFullColorFrom = 90, kLossless = 100;
constexpr int kSpeed = 8;  // of 10, the fastest

void check(avifResult result) {
  if (result == AVIF_RESULT_OK) return;
  fail(codes::kImageNotEncoded, std::string("the AVIF file could not be written: ") + avifResultToString(result), 500);
}

using Picture = std::unique_ptr<avifImage, FreeWith<avifImageDestroy>>;

Picture make_picture(const Image& image, int quality) {
  avifPixelFormat format = quality >= kFullColorFrom ? AVIF_PIXEL_FORMAT_YUV444 : AVIF_PIXEL_FORMAT_YUV420;
  if (image.channels == 1) format = AVIF_PIXEL_FORMAT_YUV400;
  Picture picture(
      avifImageCreate(static_cast<std::uint32_t>(image.width), static_cast<std::uint32_t>(image.height), 8, format));
  if (!picture) fail(codes::kOutOfMemory, "there is not enough memory to write the AVIF file", 500);
  picture->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
  picture->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
  const bool keeps_rgb = quality == kLossless && image.channels != 1;
  picture->matrixCoefficients = keeps_rgb ? AVIF_MATRIX_COEFFICIENTS_IDENTITY : AVIF_MATRIX_COEFFICIENTS_BT601;
  return picture;
}

void fill(avifImage& picture, const Image& image) {
  const Image rgb_image = image.channels == 1 ? to_rgb(image) : image;
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, &picture);
  rgb.format = rgb_image.channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  // libavif only reads through this pointer.
  rgb.pixels = const_cast<std::uint8_t*>(rgb_image.pixels.data());
  rgb.rowBytes = static_cast<std::uint32_t>(rgb_image.row_bytes());
  check(avifImageRGBToYUV(&picture, &rgb));
}

std::string encode(const avifImage& picture, int quality) {
  const std::unique_ptr<avifEncoder, FreeWith<avifEncoderDestroy>> encoder(avifEncoderCreate());
  if (!encoder) fail(codes::kOutOfMemory, "there is not enough memory to write the AVIF file", 500);
  const int quantizer = ((100 - quality) * AVIF_QUANTIZER_WORST_QUALITY + 50) / 100;
  encoder->speed = kSpeed;
  encoder->maxThreads = 1;
  encoder->minQuantizer = encoder->maxQuantizer = quantizer;
  encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = AVIF_QUANTIZER_LOSSLESS;
  avifRWData output = AVIF_DATA_EMPTY;
  const avifResult result = avifEncoderWrite(encoder.get(), &picture, &output);
  std::string file(text_of(output.data, output.size));
  avifRWDataFree(&output);
  check(result);
  return file;
}

}  // namespace

std::string encode_avif(const Image& image, const EncodeOptions& options) {
  const int quality = options.quality.value_or(kDefaultQuality);
  const Picture picture = make_picture(image, quality);
  fill(*picture, image);
  if (!options.text.empty()) {
    const std::string xmp = xmp_packet(options.text);
    avifImageSetMetadataXMP(picture.get(), bytes_of(xmp), xmp.size());
  }
  return encode(*picture, quality);
}

}  // namespace palimpsest
