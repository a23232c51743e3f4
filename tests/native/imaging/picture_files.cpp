#include "tests/native/imaging/picture_files.h"

#include <avif/avif.h>
#include <gif_lib.h>
#include <lcms2.h>
#include <libdeflate.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <cstdio>  // jpeglib.h needs FILE before it

#include <jpeglib.h>

#include <cstdlib>
#include <memory>

namespace palimpsest::testing {
namespace {

std::string text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}
const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// Packs the samples of one row of a pass, most significant bit first.
std::string pack_row(const PngParts& parts, std::uint32_t y, std::uint32_t first, std::uint32_t step) {
  constexpr std::array<int, 7> kChannels = {1, 0, 3, 1, 2, 0, 4};
  std::string row(1, '\0');  // no filter
  std::uint32_t held = 0;
  int held_bits = 0;
  for (std::uint32_t x = first; x < parts.width; x += step) {
    for (int c = 0; c < kChannels[static_cast<std::size_t>(parts.color_type)]; ++c) {
      held = held << parts.bits | parts.sample(x, y, c);
      held_bits += parts.bits;
      for (; held_bits >= 8; held_bits -= 8) row += static_cast<char>(held >> (held_bits - 8));
    }
  }
  if (held_bits > 0) row += static_cast<char>(held << (8 - held_bits));
  return row.size() > 1 ? row : "";
}

std::string pack_rows(const PngParts& parts) {
  std::string rows;
  if (!parts.interlaced) {
    for (std::uint32_t y = 0; y < parts.height; ++y) rows += pack_row(parts, y, 0, 1);
    return rows;
  }
  constexpr std::array<std::array<std::uint32_t, 4>, 7> kPasses = {
      {{0, 8, 0, 8}, {4, 8, 0, 8}, {0, 4, 4, 8}, {2, 4, 0, 4}, {0, 2, 2, 4}, {1, 2, 0, 2}, {0, 1, 1, 2}}};
  for (const auto& [x, x_step, y, y_step] : kPasses) {
    for (std::uint32_t row = y; row < parts.height; row += y_step) rows += pack_row(parts, row, x, x_step);
  }
  return rows;
}

void set_color(jpeg_compress_struct& jpeg, JpegParts::Kind kind) {
  using enum JpegParts::Kind;
  jpeg.in_color_space = kind == grey ? JCS_GRAYSCALE : kind == ycc || kind == rgb ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  if (kind == rgb) jpeg_set_colorspace(&jpeg, JCS_RGB);
  if (kind == cmyk) jpeg_set_colorspace(&jpeg, JCS_CMYK);
  if (kind == ycck) jpeg_set_colorspace(&jpeg, JCS_YCCK);
}

/// Appends codes of a fixed width, least significant bit first, in sub-blocks.
std::string gif_codes(const std::vector<std::uint8_t>& indices, int code_size) {
  const std::uint32_t clear = 1U << code_size;
  std::string bytes;
  std::uint32_t held = 0;
  int held_bits = 0;
  const auto put = [&](std::uint32_t code) {
    held |= code << held_bits;
    held_bits += code_size + 1;
    for (; held_bits >= 8; held_bits -= 8, held >>= 8) bytes += static_cast<char>(held & 0xff);
  };
  for (const std::uint8_t index : indices) {
    put(clear);
    put(index);
  }
  put(clear + 1);
  if (held_bits > 0) bytes += static_cast<char>(held & 0xff);
  std::string blocks;
  for (std::size_t i = 0; i < bytes.size(); i += 255) {
    const std::string part = bytes.substr(i, 255);
    blocks += static_cast<char>(part.size()) + part;
  }
  return blocks + '\0';
}

std::string profile_bytes(cmsHPROFILE profile) {
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  std::string bytes(size, '\0');
  REQUIRE(cmsSaveProfileToMem(profile, bytes.data(), &size));
  cmsCloseProfile(profile);
  return bytes;
}

std::string lossless_webp(const Image& picture) {
  std::uint8_t* bytes = nullptr;
  const int stride = static_cast<int>(picture.row_bytes());
  const std::size_t size =
      picture.channels == 4
          ? WebPEncodeLosslessRGBA(picture.pixels.data(), picture.width, picture.height, stride, &bytes)
          : WebPEncodeLosslessRGB(picture.pixels.data(), picture.width, picture.height, stride, &bytes);
  REQUIRE(size > 0);
  std::string file = text_of(bytes, size);
  WebPFree(bytes);
  return file;
}

}  // namespace

Image sample_picture(ImageSize size, int channels) {
  Image image(size, channels);
  std::uint32_t state = 12345;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      state = state * 1664525U + 1013904223U;
      const std::array<int, 4> samples = {x * 255 / size.width, y * 255 / size.height,
                                          static_cast<int>(state >> 28) + (x > y ? 200 : 20),
                                          40 + (x * 7 + y * 13) % 200};
      for (int c = 0; c < channels; ++c) {
        image.row(y)[x * channels + c] = static_cast<std::uint8_t>(samples[static_cast<std::size_t>(c)]);
      }
    }
  }
  return image;
}

std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string little_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string refusal(std::string_view file, const DecodeLimits& limits) {
  try {
    const DecodedImage decoded = decode_image(file, Alpha::keep, limits);
    CHECK(decoded.image.is_consistent());
    return "";
  } catch (const PalimpsestError& error) {
    CHECK_FALSE(error.error().message.empty());
    return error.error().code;
  }
}

std::string png_chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(libdeflate_crc32(0, body.data(), body.size()));
}

std::string png_header(std::uint32_t width, std::uint32_t height, int bits, int color_type, bool interlaced) {
  std::string data = big_endian(width) + big_endian(height);
  data += {static_cast<char>(bits), static_cast<char>(color_type), 0, 0, static_cast<char>(interlaced ? 1 : 0)};
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", data);
}

std::string png_file(const PngParts& parts) {
  return png_header(parts.width, parts.height, parts.bits, parts.color_type, parts.interlaced) + parts.before_pixels +
         png_chunk("IDAT", zlib(pack_rows(parts))) + png_chunk("IEND", "");
}

std::string zlib(std::string_view bytes) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(9);
  std::string compressed(libdeflate_zlib_compress_bound(compressor, bytes.size()), '\0');
  compressed.resize(
      libdeflate_zlib_compress(compressor, bytes.data(), bytes.size(), compressed.data(), compressed.size()));
  libdeflate_free_compressor(compressor);
  return compressed;
}

std::string exif_block(std::uint32_t value, bool is_big_endian, std::uint32_t type, std::uint32_t count) {
  const auto number = [&](std::uint32_t n, int bytes) {
    return is_big_endian ? big_endian(n, bytes) : little_endian(n, bytes);
  };
  return (is_big_endian ? "MM" : "II") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) +
         number(type, 2) + number(count, 4) + number(value, 2) + number(0, 2) + number(0, 4);
}

std::string jpeg_file(const JpegParts& parts) {
  jpeg_compress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(parts.samples.width);
  jpeg.image_height = static_cast<JDIMENSION>(parts.samples.height);
  jpeg.input_components = parts.samples.channels;
  set_color(jpeg, parts.kind);
  jpeg_set_quality(&jpeg, parts.quality, TRUE);
  jpeg.arith_code = parts.arithmetic ? TRUE : FALSE;
  jpeg.comp_info[0].h_samp_factor = parts.horizontal;
  jpeg.comp_info[0].v_samp_factor = parts.vertical;
  jpeg.restart_interval = parts.restart_interval;
  if (!parts.adobe) jpeg.write_Adobe_marker = FALSE;
  if (parts.progressive) jpeg_simple_progression(&jpeg);
  const std::array<jpeg_scan_info, 2> scans = {{{1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 0}}};
  if (parts.full_band_scans) {
    jpeg.scan_info = scans.data();
    jpeg.num_scans = 2;
  }
  jpeg_start_compress(&jpeg, TRUE);
  if (const std::string& data = parts.application_1; !data.empty()) {
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, bytes_of(data), static_cast<unsigned>(data.size()));
  }
  for (const std::string& data : parts.application_2) {
    jpeg_write_marker(&jpeg, JPEG_APP0 + 2, bytes_of(data), static_cast<unsigned>(data.size()));
  }
  for (int y = 0; y < parts.samples.height; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(parts.samples.row(y));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string file = text_of(bytes, size);
  jpeg_destroy_compress(&jpeg);
  std::free(bytes);
  return file;
}

std::string gif_file(const GifParts& parts) {
  std::string file = "GIF89a";
  file += little_endian(static_cast<std::uint32_t>(parts.screen_width), 2) +
          little_endian(static_cast<std::uint32_t>(parts.screen_height), 2);
  file += {static_cast<char>(parts.has_colors ? 0x81 : 0x00), 0, 0};
  if (parts.has_colors) file += parts.color_table;
  file += parts.before_image + ",";
  for (const int number : {parts.left, parts.top, parts.width, parts.height}) {
    file += little_endian(static_cast<std::uint32_t>(number), 2);
  }
  file += static_cast<char>(parts.interlaced ? 0x40 : 0);
  file += static_cast<char>(parts.code_size);
  file += gif_codes(parts.indices, parts.code_size);
  if (parts.terminated) file += ';';
  return file;
}

std::string webp_animation(const Image& picture, ImageSize canvas, const std::vector<std::array<int, 2>>& offsets) {
  const std::string frame = lossless_webp(picture);
  WebPMux* mux = WebPMuxNew();
  REQUIRE(WebPMuxSetCanvasSize(mux, canvas.width, canvas.height) == WEBP_MUX_OK);
  for (const auto& [x, y] : offsets) {
    WebPMuxFrameInfo info = {};
    info.bitstream = {bytes_of(frame), frame.size()};
    info.x_offset = x;
    info.y_offset = y;
    info.duration = 100;
    info.id = WEBP_CHUNK_ANMF;
    REQUIRE(WebPMuxPushFrame(mux, &info, 1) == WEBP_MUX_OK);
  }
  const WebPMuxAnimParams animation = {0xffffffff, 0};
  REQUIRE(WebPMuxSetAnimationParams(mux, &animation) == WEBP_MUX_OK);
  WebPData data = {};
  REQUIRE(WebPMuxAssemble(mux, &data) == WEBP_MUX_OK);
  std::string file = text_of(data.bytes, data.size);
  WebPDataClear(&data);
  WebPMuxDelete(mux);
  return file;
}

std::string webp_with_chunk(std::string_view file, const char* name, std::string_view data) {
  const WebPData picture = {bytes_of(file), file.size()}, chunk = {bytes_of(data), data.size()};
  WebPMux* mux = WebPMuxCreate(&picture, 1);
  REQUIRE(WebPMuxSetChunk(mux, name, &chunk, 1) == WEBP_MUX_OK);
  WebPData assembled = {};
  REQUIRE(WebPMuxAssemble(mux, &assembled) == WEBP_MUX_OK);
  std::string result = text_of(assembled.bytes, assembled.size);
  WebPDataClear(&assembled);
  WebPMuxDelete(mux);
  return result;
}

std::string avif_file(const Image& picture, int rotation, int mirror, std::string_view icc) {
  avifImage* image = avifImageCreate(static_cast<std::uint32_t>(picture.width),
                                     static_cast<std::uint32_t>(picture.height), 8, AVIF_PIXEL_FORMAT_YUV444);
  image->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_IDENTITY;
  if (!icc.empty()) avifImageSetProfileICC(image, bytes_of(icc), icc.size());
  if (rotation >= 0) {
    image->transformFlags |= AVIF_TRANSFORM_IROT;
    image->irot.angle = static_cast<std::uint8_t>(rotation);
  }
  if (mirror >= 0) {
    image->transformFlags |= AVIF_TRANSFORM_IMIR;
    image->imir.mode = static_cast<std::uint8_t>(mirror);
  }
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, image);
  rgb.format = picture.channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.pixels = const_cast<std::uint8_t*>(picture.pixels.data());
  rgb.rowBytes = static_cast<std::uint32_t>(picture.row_bytes());
  REQUIRE(avifImageRGBToYUV(image, &rgb) == AVIF_RESULT_OK);
  avifEncoder* encoder = avifEncoderCreate();
  encoder->speed = AVIF_SPEED_FASTEST;
  encoder->minQuantizer = encoder->maxQuantizer = AVIF_QUANTIZER_LOSSLESS;
  avifRWData output = AVIF_DATA_EMPTY;
  REQUIRE(avifEncoderWrite(encoder, image, &output) == AVIF_RESULT_OK);
  std::string file = text_of(output.data, output.size);
  avifRWDataFree(&output);
  avifEncoderDestroy(encoder);
  avifImageDestroy(image);
  return file;
}

std::string swapped_rgb_profile() {
  const cmsCIExyY white = {0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries = {{0.30, 0.60, 1}, {0.64, 0.33, 1}, {0.15, 0.06, 1}};
  const std::array<double, 5> srgb = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  cmsToneCurve* curve = cmsBuildParametricToneCurve(nullptr, 4, srgb.data());
  cmsToneCurve* curves[3] = {curve, curve, curve};
  const cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
  cmsFreeToneCurve(curve);
  return profile_bytes(profile);
}

std::string grey_profile(double gamma) {
  cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
  const cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
  cmsFreeToneCurve(curve);
  return profile_bytes(profile);
}

std::string srgb_profile() {
  return profile_bytes(cmsCreate_sRGBProfile());
}

}  // namespace palimpsest::testing
