#include "native/imaging/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "native/imaging/codec.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

using Encode = std::string (*)(const Image&, const EncodeOptions&);

struct Encoder {
  Encode encode;
  int max_side;
  bool has_quality;
};

const Encoder& encoder_of(ImageFormat format) {
  static constexpr std::array<Encoder, 5> kEncoders = {{{encode_png, 0x7fffffff, false},
                                                        {encode_jpeg, 65'500, true},
                                                        {encode_webp, 16'383, true},
                                                        {encode_gif, 65'535, false},
                                                        {encode_avif, 16'384, true}}};
  return kEncoders[static_cast<std::size_t>(format)];
}

void check_quality(const EncodeOptions& options) {
  if (!options.quality) return;
  const int quality = *options.quality;
  if (quality < 0 || quality > 100) {
    fail(codes::kInvalidValue, fmt::format("quality is {}; it must be from 0 to 100", quality));
  }
  if (quality == 100 || encoder_of(options.format).has_quality) return;
  fail(codes::kInvalidValue, fmt::format("quality is {}, but {} files have no such setting; leave it out or at 100",
                                         quality, name_of(options.format)));
}

bool is_valid_key(std::string_view key) {
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return printable && !key.empty() && key.size() <= 79 && key.front() != ' ' && key.back() != ' ' &&
         key.find("  ") == std::string_view::npos;
}

void check_text(const ImageText& text) {
  for (const auto& [key, value] : text) {
    if (!is_valid_key(key)) {
      fail(codes::kInvalidValue, fmt::format("the metadata key \"{}\" is not 1 to 79 printable ASCII characters with "
                                             "single spaces inside only",
                                             printable(key)));
    }
    std::string plain = value;
    std::replace_if(
        plain.begin(), plain.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    if (first_invalid_utf8(plain) != plain.size() || has_control_characters(plain)) {
      fail(codes::kInvalidValue,
           fmt::format("the metadata text of \"{}\" is not UTF-8 without control characters", key));
    }
  }
}

}  // namespace

std::string encode_image(const Image& image, const EncodeOptions& options) {
  if (!image.is_consistent()) fail(codes::kInvalidValue, "there is no picture to encode");
  check_quality(options);
  check_text(options.text);
  const Encoder& encoder = encoder_of(options.format);
  if (image.width > encoder.max_side || image.height > encoder.max_side) {
    fail(codes::kInvalidValue, fmt::format("the picture is {} x {} pixels; {} files have at most {} a side",
                                           image.width, image.height, name_of(options.format), encoder.max_side));
  }
  return encoder.encode(image, options);
}

}  // namespace palimpsest
