#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>

#include "native/imaging/byte_order.h"
#include "native/imaging/codec.h"
#include "native/imaging/png_chunks.h"

namespace palimpsest {
namespace {

// Higher levels take up to several times as long for a few per cent.
constexpr int kCompressionLevel = 1;
constexpr std::size_t kMaxFilteredBytes = 0x7fffffff;

constexpr int kRowsPerChoice = 8;

/// Bytes that are not set to zero first: touching megabytes once more costs as much as filtering them.
class Bytes {
 public:
  explicit Bytes(std::size_t size) : bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(size)), size_(size) {}

  std::uint8_t* data() { return bytes_.get(); }
  const std::uint8_t* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  void shrink(std::size_t size) { size_ = size; }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_;
};

/// One row of samples and its neighbours, each as long as the row. Samples outside of the picture are 0.
struct Neighbourhood {
  const std::uint8_t *now, *left, *up, *corner;
  std::size_t size;
};

// The loops are plain, and in 16 bits where 8 do not do, so that compilers turn them into vector instructions.

void filter_sub(const Neighbourhood& row, std::uint8_t* __restrict out) {
  for (std::size_t i = 0; i < row.size; ++i) out[i] = static_cast<std::uint8_t>(row.now[i] - row.left[i]);
}

void filter_up(const Neighbourhood& row, std::uint8_t* __restrict out) {
  for (std::size_t i = 0; i < row.size; ++i) out[i] = static_cast<std::uint8_t>(row.now[i] - row.up[i]);
}

std::int16_t distance(std::int16_t a, std::int16_t b) {
  return static_cast<std::int16_t>(a > b ? a - b : b - a);
}

void filter_paeth(const Neighbourhood& row, std::uint8_t* __restrict out) {
  for (std::size_t i = 0; i < row.size; ++i) {
    const std::int16_t left = row.left[i], up = row.up[i], corner = row.corner[i];
    const auto estimate = static_cast<std::int16_t>(left + up - corner);
    const std::int16_t to_left = distance(estimate, left), to_up = distance(estimate, up);
    const std::int16_t to_corner = distance(estimate, corner);
    const std::int16_t vertical = to_up <= to_corner ? up : corner;
    const std::int16_t nearest = to_left <= std::min(to_up, to_corner) ? left : vertical;
    out[i] = static_cast<std::uint8_t>(row.now[i] - nearest);
  }
}

struct Filter {
  std::uint8_t type;
  void (*apply)(const Neighbourhood&, std::uint8_t*);
};
constexpr std::array<Filter, 3> kFilters = {{{1, filter_sub}, {2, filter_up}, {4, filter_paeth}}};

/// Sum of the differences as signed numbers: a filter whose sum is small compresses well.
std::uint32_t cost(const std::uint8_t* differences, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto negated = static_cast<std::uint8_t>(-differences[i]);
    sum += std::min(differences[i], negated);
  }
  return sum;
}

/// Writes the differences into `out` and returns the filter with the smallest of them.
const Filter& choose_filter(const Neighbourhood& row, std::uint8_t* out) {
  const Filter* best = nullptr;
  std::uint32_t best_cost = 0;
  for (const Filter& filter : kFilters) {
    filter.apply(row, out);
    const std::uint32_t sum = cost(out, row.size);
    if (best != nullptr && sum >= best_cost) continue;
    best = &filter;
    best_cost = sum;
  }
  return *best;
}

/// The rows of a picture as differences to their neighbours, each behind its filter's number; the filter is chosen anew
/// every few rows.
/// Source: PNG specification, third edition, 9.
Bytes filter_rows(const Image& image) {
  const auto step = static_cast<std::size_t>(image.channels);
  const std::size_t size = image.row_bytes();
  Bytes filtered((size + 1) * static_cast<std::size_t>(image.height));
  std::vector<std::uint8_t> current(step + size), above(step + size);  // each with a pixel of zeros before it
  const Filter* filter = nullptr;
  std::uint8_t* out = filtered.data();
  for (int y = 0; y < image.height; ++y, out += size + 1) {
    std::copy_n(image.row(y), size, current.data() + step);
    const Neighbourhood row = {current.data() + step, current.data(), above.data() + step, above.data(), size};
    if (y % kRowsPerChoice == 0) filter = &choose_filter(row, out + 1);
    out[0] = filter->type;
    filter->apply(row, out + 1);
    std::swap(current, above);
  }
  return filtered;
}

Bytes compress(const Bytes& bytes) {
  const std::unique_ptr<libdeflate_compressor, FreeWith<libdeflate_free_compressor>> compressor(
      libdeflate_alloc_compressor(kCompressionLevel));
  if (!compressor) fail(codes::kOutOfMemory, "there is not enough memory to write the PNG file", 500);
  Bytes compressed(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()));
  compressed.shrink(
      libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), compressed.data(), compressed.size()));
  return compressed;
}

std::string header(const Image& image) {
  const char color_type = image.channels == 1 ? 0 : image.channels == 3 ? 2 : 6;
  std::string data =
      big_endian_32(static_cast<std::uint32_t>(image.width)) + big_endian_32(static_cast<std::uint32_t>(image.height));
  data += {8, color_type, 0, 0, 0};
  return data;
}

/// Keyword, no compression, no language, no translated keyword, text.
std::string international_text(const std::string& key, const std::string& value) {
  return key + std::string(5, '\0') + value;
}

}  // namespace

std::string encode_png(const Image& image, const EncodeOptions& options) {
  const std::size_t filtered_bytes = (image.row_bytes() + 1) * static_cast<std::size_t>(image.height);
  if (filtered_bytes > kMaxFilteredBytes) {
    fail(codes::kInvalidValue, fmt::format("the picture has {} bytes of pixels; at most {} are written to a PNG file",
                                           filtered_bytes, kMaxFilteredBytes));
  }
  const Bytes pixels = compress(filter_rows(image));
  std::string file(kPngSignature);
  file.reserve(pixels.size() + 1024);
  append_png_chunk(file, "IHDR", header(image));
  append_png_chunk(file, "sRGB", std::string(1, '\0'));
  for (const auto& [key, value] : options.text) append_png_chunk(file, "iTXt", international_text(key, value));
  append_png_chunk(file, "IDAT", text_of(pixels.data(), pixels.size()));
  append_png_chunk(file, "IEND", "");
  return file;
}

}  // namespace palimpsest
