#include "native/imaging/png_chunks.h"

#include <libdeflate.h>

#include <algorithm>

#include "native/imaging/byte_order.h"
#include "native/imaging/codec.h"

namespace palimpsest {
namespace {

constexpr std::size_t kFrameBytes = 12;  // length, type, checksum
constexpr std::size_t kMaxChunkBytes = 0x7fffffff;
constexpr int kMaxAncillaryChunks = 10'000;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::uint32_t checksum(std::string_view bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size());
}

}  // namespace

bool PngChunk::has_valid_checksum() const {
  return checksum(whole.substr(4, 4 + data.size())) == read_big_endian(whole.substr(8 + data.size()));
}

bool PngChunkReader::next(PngChunk& chunk) {
  if (ended_) return false;
  if (rest_.size() < kFrameBytes) fail(codes::kImageTruncated, "the PNG file ends before its IEND chunk");
  const std::size_t length = read_big_endian(rest_.substr(0, 4));
  chunk.type = rest_.substr(4, 4);
  if (length > kMaxChunkBytes || !std::all_of(chunk.type.begin(), chunk.type.end(), is_letter)) {
    fail(codes::kImageInvalid, "the PNG file has a damaged chunk");
  }
  if (rest_.size() - kFrameBytes < length) fail(codes::kImageTruncated, "the PNG file ends inside a chunk");
  chunk.whole = rest_.substr(0, length + kFrameBytes);
  chunk.data = rest_.substr(8, length);
  rest_.remove_prefix(chunk.whole.size());
  ended_ = chunk.type == "IEND";
  count(chunk);
  return true;
}

void PngChunkReader::count(const PngChunk& chunk) {
  if (chunk.is_critical() || chunk.type == "fcTL" || chunk.type == "fdAT") return;
  if (++ancillary_ <= kMaxAncillaryChunks) return;
  fail(codes::kImageTooLarge, "the PNG file has more than 10,000 chunks that are not pixels", 413);
}

void append_png_chunk(std::string& file, std::string_view type, std::string_view data) {
  file += big_endian_32(static_cast<std::uint32_t>(data.size()));
  const std::size_t start = file.size();
  file.append(type).append(data);
  file += big_endian_32(checksum(std::string_view(file).substr(start)));
}

}  // namespace palimpsest
