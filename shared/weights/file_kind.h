#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace palimpsest {

/// What the first bytes of a file that is no safetensors file say it is.
enum class FileKind { unknown, gguf, zip, pickle, lfs_pointer, web_page, text };

/// Looks at no more than the first 512 bytes. Any bytes may also be the start of a safetensors file by their length
/// field, so this is asked only once that has failed.
FileKind recognise_file(std::span<const std::byte> file);

/// Throws the refusal that helps most for a file that is no safetensors file: `MODEL_IS_LFS_POINTER`,
/// `MODEL_PICKLE_REFUSED` (also for ZIP, the container of PyTorch's pickles), `MODEL_NOT_A_MODEL` for web pages and
/// text, `MODEL_FORMAT_UNSUPPORTED` for GGUF; returns for `unknown`.
void refuse_file_kind(FileKind kind);

}  // namespace palimpsest
