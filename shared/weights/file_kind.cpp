#include "shared/weights/file_kind.h"

#include <algorithm>

#include "shared/base/error.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// "c<module>\n" is the GLOBAL opcode with which pickles of the text protocols begin.
bool is_global_opcode(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end < 2 || text[0] != 'c') return false;
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

bool is_text(std::string_view text) {
  // The end may cut a character in two.
  if (first_invalid_utf8(text) + 4 <= text.size()) return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
  });
}

/// The protocol mark of binary pickles alone could also be the length of a small safetensors header; what follows it
/// (an opcode, no zero byte) could not.
bool is_binary_pickle(std::string_view text) {
  constexpr std::string_view kFirstOpcodes = "\x95\x8a}])(cXKJMGUN\x88\x89\x8c";
  return text.size() >= 3 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5 &&
         kFirstOpcodes.find(text[2]) != std::string_view::npos;
}

bool is_pickle(std::string_view text) {
  if (is_binary_pickle(text)) return true;
  if (starts_with(text, "}q\x01") || starts_with(text, "]q\x01")) return true;
  if (!is_text(text)) return false;
  return starts_with(text, "(d") || starts_with(text, "(l") || starts_with(text, "(i") || is_global_opcode(text);
}

}  // namespace

FileKind recognise_file(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 512));
  if (starts_with(text, "GGUF")) return FileKind::gguf;
  if (starts_with(text, "PK\x03\x04") || starts_with(text, "PK\x05\x06")) return FileKind::zip;
  if (starts_with(text, "version https://git-lfs")) return FileKind::lfs_pointer;
  if (is_pickle(text)) return FileKind::pickle;
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos || !is_text(text)) return FileKind::unknown;
  return text[first] == '<' ? FileKind::web_page : FileKind::text;
}

void refuse_file_kind(FileKind kind) {
  switch (kind) {
    case FileKind::lfs_pointer:
      fail("MODEL_IS_LFS_POINTER",
           "byte 0: this is a Git LFS pointer, not the weights; fetch them with \"git lfs pull\"");
    case FileKind::zip:
      fail("MODEL_PICKLE_REFUSED",
           "byte 0: this is a ZIP archive, as PyTorch checkpoints are; they can run code when "
           "read and are refused; use the .safetensors file");
    case FileKind::pickle:
      fail("MODEL_PICKLE_REFUSED",
           "byte 0: this is a Python pickle, which can run code when read and is refused; use "
           "the .safetensors file");
    case FileKind::web_page:
      fail("MODEL_NOT_A_MODEL", "byte 0: this is a web page, perhaps an error page saved under the model's name");
    case FileKind::text:
      fail("MODEL_NOT_A_MODEL", "byte 0: this is a text file, not weights");
    case FileKind::gguf:
      fail("MODEL_FORMAT_UNSUPPORTED", "byte 0: this is a GGUF file; only safetensors files are read");
    case FileKind::unknown:
      return;
  }
}

}  // namespace palimpsest
