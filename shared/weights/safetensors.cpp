#include "shared/weights/safetensors.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "shared/base/utf8.h"
#include "shared/weights/file_kind.h"
#include "shared/weights/safetensors_header.h"

namespace palimpsest {
namespace {

using Header = SafetensorsHeader;
using Entry = SafetensorsHeader::Entry;

constexpr std::uint64_t kLengthFieldBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 40;

std::string quoted(std::string_view name) {
  return "tensor \"" + printable(name, 80) + "\"";
}

std::uint64_t little_endian_u64(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = (value << 8) | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

/// Length of the header; everything that can be known from the length field and the size of the file is checked.
std::size_t header_length(std::span<const std::byte> file) {
  const std::uint64_t size = file.size();
  if (size > kMaxFileBytes)
    fail("MODEL_LIMIT", "byte 0: the file has " + std::to_string(size) + " bytes, more than the limit of 1 TiB");
  if (size < kLengthFieldBytes)
    fail("MODEL_TRUNCATED", "byte " + std::to_string(size) + ": the file ends inside its 8-byte length field");
  const std::uint64_t length = little_endian_u64(file.first(kLengthFieldBytes));
  const bool fits = length <= size - kLengthFieldBytes;
  if (length > kMaxHeaderBytes || !fits) refuse_file_kind(recognise_file(file));
  if (length > kMaxHeaderBytes)
    fail("MODEL_HEADER_TOO_LARGE", "byte 0: the header is said to have " + std::to_string(length) +
                                       " bytes; the limit is " + std::to_string(kMaxHeaderBytes));
  if (!fits)
    fail("MODEL_TRUNCATED", "byte 0: the header is said to have " + std::to_string(length) + " bytes, but only " +
                                std::to_string(size - kLengthFieldBytes) + " follow");
  if (length == 0) fail("MODEL_HEADER_JSON", "byte 0: the header is empty");
  return static_cast<std::size_t>(length);
}

/// Indices of `count` things, sorted by `less`.
template <typename Less>
std::vector<std::uint32_t> sorted_indices(std::size_t count, Less less) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), less);
  return order;
}

std::vector<std::uint32_t> order_by_name(const Header& header) {
  const auto name = [&](std::uint32_t i) { return header.name_of(header.entries[i]); };
  auto order = sorted_indices(header.entries.size(), [&](auto a, auto b) { return name(a) < name(b); });
  const auto twice = std::adjacent_find(order.begin(), order.end(), [&](auto a, auto b) { return name(a) == name(b); });
  if (twice != order.end())
    fail("MODEL_DUPLICATE_KEY", "header from byte 8: " + quoted(name(*twice)) + " occurs twice");
  return order;
}

/// Checks one entry's span against the data section, its shape and its dtype.
void check_span(const Header& header, const Entry& entry, std::uint64_t data_begin, std::uint64_t data_size) {
  const auto refuse = [&](const char* code, const std::string& problem) {
    fail(code, "byte " + std::to_string(data_begin) + " + [" + std::to_string(entry.begin) + ", " +
                   std::to_string(entry.end) + "): " + quoted(header.name_of(entry)) + " " + problem);
  };
  if (entry.begin > entry.end) refuse("MODEL_OFFSETS", "ends before it begins");
  if (entry.end > data_size) refuse("MODEL_OFFSETS", "ends behind the " + std::to_string(data_size) + " bytes of data");
  std::int64_t elements = 1;
  for (std::uint32_t i = 0; i < entry.rank; ++i) {
    if (__builtin_mul_overflow(elements, header.dims[entry.first_dim + i], &elements))
      refuse("MODEL_TENSOR_SIZE", "has more than 2^63 - 1 elements");
  }
  std::uint64_t bits = 0;
  if (__builtin_mul_overflow(elements, bits_of(entry.dtype), &bits))
    refuse("MODEL_TENSOR_SIZE", "has more than 2^64 - 1 bits");
  if (bits % 8 != 0) refuse("MODEL_TENSOR_SIZE", "does not end on a whole byte");
  if (bits / 8 != entry.end - entry.begin)
    refuse("MODEL_TENSOR_SIZE", "needs " + std::to_string(bits / 8) + " bytes by its shape and dtype");
}

/// Checks that the spans, sorted, follow each other without a gap from the start of the data to its end.
void check_tiling(const Header& header, std::uint64_t data_begin, std::uint64_t data_size) {
  const auto& entries = header.entries;
  const auto order = sorted_indices(entries.size(), [&](auto a, auto b) {
    return std::tuple(entries[a].begin, entries[a].end, a) < std::tuple(entries[b].begin, entries[b].end, b);
  });
  std::uint64_t covered = 0;
  std::uint32_t last_empty = 0;  // the latest entry without data seen at `covered`
  bool has_empty = false;
  for (const std::uint32_t i : order) {
    const Entry& entry = entries[i];
    if (entry.begin != covered)
      fail("MODEL_OFFSETS",
           "byte " + std::to_string(data_begin + entry.begin) + ": " + quoted(header.name_of(entry)) +
               (entry.begin < covered ? " overlaps the tensor before it" : " leaves a hole before it"));
    if (entry.begin == entry.end) {
      last_empty = i;
      has_empty = true;
      continue;
    }
    // A writer gives a tensor without data the offset of the tensor that it writes next. One that comes later in the
    // header claims bytes which another tensor already owns.
    if (has_empty && last_empty > i)
      fail("MODEL_OFFSETS", "byte " + std::to_string(data_begin + entry.begin) + ": " +
                                quoted(header.name_of(entries[last_empty])) + " has no data, but the offset of " +
                                quoted(header.name_of(entry)));
    has_empty = false;
    covered = entry.end;
  }
  if (covered != data_size)
    fail("MODEL_TRAILING_DATA", "byte " + std::to_string(data_begin + covered) + ": " +
                                    std::to_string(data_size - covered) + " bytes follow the last tensor");
}

Shape shape_of(const Header& header, const Entry& entry) {
  std::array<std::int64_t, Shape::kMaxRank> dims{};
  for (std::uint32_t i = 0; i < entry.rank; ++i) dims[i] = static_cast<std::int64_t>(header.dims[entry.first_dim + i]);
  return Shape(std::span<const std::int64_t>(dims.data(), entry.rank));
}

}  // namespace

SafetensorsView::SafetensorsView(std::span<const std::byte> file, std::string description,
                                 std::shared_ptr<const void> owner)
    : description_(std::move(description)), owner_(std::move(owner)) {
  try {
    read(file);
  } catch (const PalimpsestError& error) {
    throw error.in(description_);
  }
}

void SafetensorsView::read(std::span<const std::byte> file) {
  const std::size_t length = header_length(file);
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthFieldBytes, length);
  // Spaces are allowed before the header, as page-aligning writers put them there.
  if (std::string_view("{ \t\r\n").find(text.front()) == std::string_view::npos) refuse_file_kind(recognise_file(file));
  Header header = read_safetensors_header(text);

  const std::span<const std::byte> data = file.subspan(kLengthFieldBytes + length);
  by_name_ = order_by_name(header);
  for (const Entry& entry : header.entries) check_span(header, entry, kLengthFieldBytes + length, data.size());
  check_tiling(header, kLengthFieldBytes + length, data.size());

  tensors_.reserve(header.entries.size());
  for (const Entry& entry : header.entries) {
    const auto bytes =
        data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.end - entry.begin));
    tensors_.push_back({std::string(header.name_of(entry)), {entry.dtype, shape_of(header, entry), bytes}});
  }
  metadata_ = std::move(header.metadata);
}

const HostView* SafetensorsView::find(std::string_view name) const {
  const auto found =
      std::lower_bound(by_name_.begin(), by_name_.end(), name,
                       [&](std::uint32_t i, std::string_view sought) { return tensors_[i].name < sought; });
  return found != by_name_.end() && tensors_[*found].name == name ? &tensors_[*found].view : nullptr;
}

std::vector<std::string> SafetensorsView::names() const {
  std::vector<std::string> all;
  all.reserve(tensors_.size());
  for (const NamedTensor& tensor : tensors_) all.push_back(tensor.name);
  return all;
}

}  // namespace palimpsest
