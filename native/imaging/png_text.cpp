#include "native/imaging/codec.h"
#include "native/imaging/inflate.h"
#include "native/imaging/png_chunks.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxTexts = 256, kMaxTextBytes = std::size_t{1} << 20;

std::string utf8_from_latin1(std::string_view latin1) {
  std::string text;
  for (const char c : latin1) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x80)
      text += c;
    else
      text += {static_cast<char>(0xC0U | byte >> 6), static_cast<char>(0x80U | (byte & 0x3FU))};
  }
  return text;
}

/// Cuts off what comes before the next zero byte, and that byte; nothing where there is none.
std::optional<std::string_view> take_field(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return field;
}

/// Of iTXt behind its keyword: two bytes on compression, language, translated keyword, text.
std::optional<std::string> international_text(std::string_view rest) {
  if (rest.size() < 2) return std::nullopt;
  const bool compressed = rest[0] == 1;
  const bool known = (compressed && rest[1] == 0) || rest[0] == 0;
  rest.remove_prefix(2);
  if (!known || !take_field(rest) || !take_field(rest)) return std::nullopt;
  std::optional<std::string> text = compressed ? inflate_zlib(rest, kMaxTextBytes) : std::string(rest);
  if (text && first_invalid_utf8(*text) != text->size()) return std::nullopt;
  return text;
}

std::optional<std::string> latin1_text(std::string_view type, std::string_view rest) {
  if (type == "tEXt") return utf8_from_latin1(rest);
  if (rest.empty() || rest[0] != 0) return std::nullopt;
  const std::optional<std::string> text = inflate_zlib(rest.substr(1), kMaxTextBytes);
  if (!text) return std::nullopt;
  return utf8_from_latin1(*text);
}

/// One text; nothing where the chunk holds none or is damaged.
std::optional<std::pair<std::string, std::string>> read_text(const PngChunk& chunk) {
  if (chunk.type != "tEXt" && chunk.type != "zTXt" && chunk.type != "iTXt") return std::nullopt;
  if (!chunk.has_valid_checksum()) return std::nullopt;
  std::string_view rest = chunk.data;
  const std::optional<std::string_view> key = take_field(rest);
  if (!key || key->empty() || key->size() > 79) return std::nullopt;
  std::optional<std::string> value = chunk.type == "iTXt" ? international_text(rest) : latin1_text(chunk.type, rest);
  if (!value) return std::nullopt;
  return std::pair{utf8_from_latin1(*key), *std::move(value)};
}

}  // namespace

ImageText read_png_text(std::string_view file) {
  if (sniff_image_format(file) != ImageFormat::png) fail(codes::kImageUnsupported, "the file is not a PNG file", 415);
  ImageText texts;
  std::size_t bytes = 0;
  PngChunkReader reader(file);
  for (PngChunk chunk; reader.next(chunk);) {
    auto text = read_text(chunk);
    if (!text) continue;
    bytes += text->second.size();
    if (bytes > kMaxTextBytes || texts.size() == kMaxTexts) {
      fail(codes::kImageTooLarge, "the PNG file has more than 256 texts or 1 MiB of text", 413);
    }
    texts.push_back(*std::move(text));
  }
  return texts;
}

}  // namespace palimpsest
