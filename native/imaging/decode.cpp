#include "native/imaging/decode.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "native/imaging/blend.h"
#include "native/imaging/codec.h"
#include "native/imaging/color_profile.h"

namespace palimpsest {
namespace {

using namespace std::string_view_literals;

struct Codec {
  ImageInfo (*probe)(std::string_view);
  Frame (*decode)(std::string_view, const ImageInfo&);
};

const Codec& codec_of(ImageFormat format) {
  static constexpr std::array<Codec, 5> kCodecs = {{{probe_png, decode_png},
                                                    {probe_jpeg, decode_jpeg},
                                                    {probe_webp, decode_webp},
                                                    {probe_gif, decode_gif},
                                                    {probe_avif, decode_avif}}};
  return kCodecs[static_cast<std::size_t>(format)];
}

/// What a file that is not read seems to be, for the message; empty where nothing is recognised.
std::string_view other_kind(std::string_view file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kKinds = {{{"BM"sv, "BMP"},
                                                                                     {"II*\0"sv, "TIFF"},
                                                                                     {"MM\0*"sv, "TIFF"},
                                                                                     {"%PDF"sv, "PDF"},
                                                                                     {"<svg"sv, "SVG"},
                                                                                     {"<?xml"sv, "XML or SVG"},
                                                                                     {"<!DOCTYPE"sv, "HTML"},
                                                                                     {"<html"sv, "HTML"},
                                                                                     {"\x7f"
                                                                                      "ELF"sv,
                                                                                      "program"},
                                                                                     {"\xff\x0a"sv, "JPEG XL"},
                                                                                     {"8BPS"sv, "Photoshop"}}};
  for (const auto& [start, name] : kKinds) {
    if (file.substr(0, start.size()) == start) return name;
  }
  const std::string_view brand = file.size() >= 12 && file.substr(4, 4) == "ftyp" ? file.substr(8, 4) : ""sv;
  if (brand == "heic" || brand == "heix" || brand == "mif1" || brand == "msf1") return "HEIC";
  return "";
}

[[noreturn]] void fail_unknown_kind(std::string_view file) {
  if (file.empty()) fail(codes::kImageUnsupported, "the picture file is empty", 415);
  const std::string_view kind = other_kind(file);
  fail(codes::kImageUnsupported,
       fmt::format("the file is not a PNG, JPEG, WebP, GIF or AVIF picture{}",
                   kind.empty() ? "" : fmt::format("; it looks like a {} file", kind)),
       415);
}

void check_size(const ImageInfo& info, const DecodeLimits& limits) {
  const auto [width, height] = info.size;
  if (width <= 0 || height <= 0) fail(codes::kImageInvalid, "the picture has a side of 0 pixels");
  const bool fits =
      width <= limits.max_side && height <= limits.max_side && std::int64_t{width} * height <= limits.max_pixels;
  if (fits) return;
  fail(codes::kImageTooLarge,
       fmt::format("the picture is {} x {} pixels; at most {} a side and {} in all are read", width, height,
                   limits.max_side, limits.max_pixels),
       413);
}

}  // namespace

ImageInfo probe_image(std::string_view file, const DecodeLimits& limits) {
  if (file.size() > limits.max_bytes) {
    fail(codes::kImageTooLarge,
         fmt::format("the picture file has {} bytes; at most {} are read", file.size(), limits.max_bytes), 413);
  }
  const std::optional<ImageFormat> format = sniff_image_format(file);
  if (!format) fail_unknown_kind(file);
  return codec_of(*format).probe(file);
}

DecodedImage decode_image(std::string_view file, Alpha alpha, const DecodeLimits& limits) {
  const ImageInfo info = probe_image(file, limits);
  check_size(info, limits);
  Frame frame = codec_of(info.format).decode(file, info);
  convert_to_srgb(frame);
  if (alpha == Alpha::on_white && frame.image.channels == 4) frame.image = blend_on_white(frame.image);
  frame.image = turn_upright(std::move(frame.image), frame.orientation);
  if (info.frames > 1) {
    frame.warnings.push_back(fmt::format("only the first of the {} frames was read", info.frames));
  }
  return {std::move(frame.image), info, std::move(frame.warnings)};
}

}  // namespace palimpsest
