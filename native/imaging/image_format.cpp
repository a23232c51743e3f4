#include "native/imaging/image_format.h"

#include <array>
#include <cctype>
#include <string>

#include "shared/image/media_type.h"

namespace palimpsest {
namespace {

constexpr std::array kFormats = {ImageFormat::png, ImageFormat::jpeg, ImageFormat::webp, ImageFormat::gif,
                                 ImageFormat::avif};

}  // namespace

std::string_view name_of(ImageFormat format) {
  constexpr std::array<std::string_view, 5> kNames = {"png", "jpeg", "webp", "gif", "avif"};
  return kNames[static_cast<std::size_t>(format)];
}

std::string_view media_type_of(ImageFormat format) {
  return media_type_of_format(name_of(format));
}

std::optional<ImageFormat> parse_image_format(std::string_view name) {
  if (name == "jpg") return ImageFormat::jpeg;
  for (const ImageFormat format : kFormats) {
    if (name == name_of(format)) return format;
  }
  return std::nullopt;
}

std::optional<ImageFormat> image_format_of_path(std::string_view path) {
  const std::size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] != '.') return std::nullopt;
  std::string ending(path.substr(dot + 1));
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return parse_image_format(ending);
}

std::optional<ImageFormat> sniff_image_format(std::string_view file) {
  const std::string_view type = sniff_media_type(file);
  for (const ImageFormat format : kFormats) {
    if (type == media_type_of(format)) return format;
  }
  return std::nullopt;
}

}  // namespace palimpsest
