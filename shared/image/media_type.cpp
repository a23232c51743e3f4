#include "shared/image/media_type.h"

#include <array>
#include <utility>

namespace palimpsest {
namespace {

bool has_at(std::string_view bytes, std::size_t offset, std::string_view part) {
  return bytes.size() >= offset + part.size() && bytes.substr(offset, part.size()) == part;
}

// An ISO media file whose major or first compatible brands name AV1 pictures.
bool is_avif(std::string_view bytes) {
  if (!has_at(bytes, 4, "ftyp")) return false;
  for (std::size_t offset = 8; offset <= 32; offset += 4) {
    if (offset != 12 && (has_at(bytes, offset, "avif") || has_at(bytes, offset, "avis"))) return true;
  }
  return false;
}

}  // namespace

std::string_view sniff_media_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (has_at(bytes, 0, "\x89PNG\r\n\x1a\n"sv)) return "image/png";
  if (has_at(bytes, 0, "\xff\xd8\xff"sv)) return "image/jpeg";
  if (has_at(bytes, 0, "GIF87a"sv) || has_at(bytes, 0, "GIF89a"sv)) return "image/gif";
  if (has_at(bytes, 0, "RIFF"sv) && has_at(bytes, 8, "WEBP"sv)) return "image/webp";
  if (is_avif(bytes)) return "image/avif";
  return "";
}

std::string_view media_type_of_format(std::string_view format) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {{{"png", "image/png"},
                                                                                    {"jpeg", "image/jpeg"},
                                                                                    {"gif", "image/gif"},
                                                                                    {"webp", "image/webp"},
                                                                                    {"avif", "image/avif"}}};
  for (const auto& [name, type] : kTypes) {
    if (name == format) return type;
  }
  return "";
}

}  // namespace palimpsest
