#include "native/imaging/inflate.h"

#include <libdeflate.h>

#include <algorithm>

#include "native/imaging/codec.h"

namespace palimpsest {

std::optional<std::string> inflate_zlib(std::string_view compressed, std::size_t max_bytes) {
  const std::unique_ptr<libdeflate_decompressor, FreeWith<libdeflate_free_decompressor>> inflater(
      libdeflate_alloc_decompressor());
  if (!inflater) fail(codes::kOutOfMemory, "there is not enough memory to read the PNG file", 500);
  // Grows from a plausible size, so that a short stream never costs the whole limit.
  std::string contents(std::min(max_bytes, compressed.size() * 4 + 1024), '\0');
  for (;;) {
    std::size_t size = 0;
    const libdeflate_result result = libdeflate_zlib_decompress(inflater.get(), compressed.data(), compressed.size(),
                                                                contents.data(), contents.size(), &size);
    if (result == LIBDEFLATE_SUCCESS) {
      contents.resize(size);
      return contents;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE || contents.size() >= max_bytes) return std::nullopt;
    contents.resize(std::min(max_bytes, contents.size() * 4));
  }
}

}  // namespace palimpsest
