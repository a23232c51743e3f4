#include <algorithm>
#include <iterator>
#include <new>
#include <string>
#include <utility>

#include "shared/base/error.h"
#include "shared/portable/elements.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

namespace palimpsest {
namespace {

constexpr std::align_val_t kBlockAlignment{HostMemory::kAlignment};
/// Larger requests come from broken sizes; some allocators abort on them instead of saying no.
constexpr std::uint64_t kLargestBlock = std::min<std::uint64_t>(SIZE_MAX / 2, std::uint64_t{1} << 39);
constexpr std::size_t kCacheAllowance = std::size_t{64} << 20;

void free_block(void* address) {
  ::operator delete(address, kBlockAlignment);
}

[[noreturn]] void refuse_memory(const std::string& needed) {
  fail(codes::kOutOfMemory, "there is not enough memory: " + needed + " bytes are needed in one piece", 507);
}

/// Sizes in steps of an eighth of their power of two, so that nearly equal requests share blocks.
std::size_t rounded_capacity(std::uint64_t size_bytes) {
  if (size_bytes > kLargestBlock) refuse_memory(std::to_string(size_bytes));
  std::uint64_t step = HostMemory::kAlignment;
  while (step * 16 <= size_bytes) step *= 2;
  return static_cast<std::size_t>((size_bytes + step - 1) / step * step);
}

}  // namespace

std::uint64_t required_bytes(const Shape& shape, DType dtype) {
  std::int64_t bits = 0;
  if (__builtin_mul_overflow(shape.element_count(), std::int64_t{bits_of(dtype)}, &bits)) {
    refuse_memory(std::to_string(bits_of(dtype)) + "/8 times " + std::to_string(shape.element_count()));
  }
  return static_cast<std::uint64_t>(bits) / 8;
}

class HostMemory::ActivationBlock final : public Storage {
 public:
  ActivationBlock(std::shared_ptr<HostMemory> owner, void* address, std::size_t capacity)
      : Storage(address, capacity), owner_(std::move(owner)) {}
  ~ActivationBlock() override { owner_->keep(address(), size_bytes()); }

 private:
  std::shared_ptr<HostMemory> owner_;
};

class HostMemory::WeightBlock final : public Storage {
 public:
  WeightBlock(std::shared_ptr<HostMemory> owner, void* address, std::size_t capacity)
      : Storage(address, capacity), owner_(std::move(owner)) {
    owner_->use_.weight_bytes += capacity;
  }
  ~WeightBlock() override {
    owner_->use_.weight_bytes -= size_bytes();
    free_block(address());
  }

 private:
  std::shared_ptr<HostMemory> owner_;
};

HostMemory::~HostMemory() {
  release_cached();
}

std::shared_ptr<Storage> HostMemory::allocate(std::uint64_t size_bytes) {
  std::size_t capacity = rounded_capacity(size_bytes);
  void* address = take_cached(capacity);
  if (address == nullptr) address = fresh_block(capacity);
  auto block = std::make_shared<ActivationBlock>(shared_from_this(), address, capacity);
  use_.activation_bytes += capacity;
  if (use_.activation_bytes > use_.peak_activation_bytes) use_.peak_activation_bytes = use_.activation_bytes;
  if (use_.activation_bytes > largest_live_bytes_) largest_live_bytes_ = use_.activation_bytes;
  return block;
}

std::shared_ptr<Storage> HostMemory::allocate_weights(std::uint64_t size_bytes) {
  const std::size_t capacity = rounded_capacity(size_bytes);
  return std::make_shared<WeightBlock>(shared_from_this(), fresh_block(capacity), capacity);
}

/// A kept block of at most an eighth more than asked for; sets the capacity to the block's own.
void* HostMemory::take_cached(std::size_t& capacity) {
  const auto found = cached_.lower_bound(capacity);
  if (found == cached_.end() || found->first > capacity + capacity / 8) return nullptr;
  void* address = found->second;
  capacity = found->first;
  cached_bytes_ -= capacity;
  cached_.erase(found);
  return address;
}

void* HostMemory::fresh_block(std::size_t capacity) {
  const std::size_t bytes = capacity > 0 ? capacity : kAlignment;
  void* address = ::operator new(bytes, kBlockAlignment, std::nothrow);
  if (address == nullptr) {
    release_cached();
    address = ::operator new(bytes, kBlockAlignment, std::nothrow);
  }
  if (address == nullptr) refuse_memory(std::to_string(capacity));
  return address;
}

void HostMemory::keep(void* address, std::size_t capacity) {
  use_.activation_bytes -= capacity;
  cached_.emplace(capacity, address);
  cached_bytes_ += capacity;
  while (use_.activation_bytes + cached_bytes_ > largest_live_bytes_ + largest_live_bytes_ / 4 + kCacheAllowance) {
    drop_largest_cached();
  }
}

void HostMemory::drop_largest_cached() {
  const auto largest = std::prev(cached_.end());
  free_block(largest->second);
  cached_bytes_ -= largest->first;
  cached_.erase(largest);
}

void HostMemory::release_cached() {
  while (!cached_.empty()) drop_largest_cached();
}

// ---- memory ops of the backend

PortableBackend::PortableBackend(Parallel& parallel, DType compute_dtype)
    : parallel_(parallel), compute_dtype_(compute_dtype) {
  if (compute_dtype != DType::f32 && compute_dtype != DType::bf16) {
    fail(codes::kInvalidValue,
         "the portable backend computes in f32 or bf16, not " + std::string(name_of(compute_dtype)));
  }
}

void PortableBackend::for_row_pieces(std::int64_t rows, std::int64_t row_elements,
                                     const std::function<void(std::int64_t, std::int64_t)>& task) {
  constexpr std::int64_t kPieceElements = 32768;
  const std::int64_t piece = std::max<std::int64_t>(1, kPieceElements / std::max<std::int64_t>(1, row_elements));
  parallel_.run((rows + piece - 1) / piece, [&](std::int64_t index) {
    const std::int64_t begin = index * piece;
    task(begin, std::min(rows, begin + piece));
  });
}

Tensor PortableBackend::allocate(const Shape& shape, DType dtype) {
  if (dtype != DType::f32 && dtype != DType::bf16 && dtype != DType::i32) {
    fail(codes::kInvalidValue, "[allocate] tensors are f32, bf16 or i32, not " + std::string(name_of(dtype)));
  }
  return {shape, dtype, memory_->allocate(required_bytes(shape, dtype))};
}

Tensor PortableBackend::upload(const HostView& host, DType dtype) {
  const bool float_source = host.dtype == DType::f32 || host.dtype == DType::f16 || host.dtype == DType::bf16;
  const bool possible = dtype == DType::i32 ? host.dtype == DType::i32 : float_source;
  if (!possible) {
    fail(codes::kInvalidValue,
         "[upload] " + std::string(name_of(host.dtype)) + " cannot be turned into " + std::string(name_of(dtype)));
  }
  if (host.bytes.size() != required_bytes(host.shape, host.dtype)) {
    fail(codes::kInvalidValue, "[upload] " + std::to_string(host.bytes.size()) + " bytes are not a tensor " +
                                   host.shape.to_string() + " of " + std::string(name_of(host.dtype)));
  }
  Tensor tensor = allocate(host.shape, dtype);
  // The source is only read: Elements serves both sides.
  const Elements from{const_cast<std::byte*>(host.bytes.data()), host.dtype};
  const Elements to = elements_of(tensor);
  for_row_pieces(host.shape.element_count(), 1,
                 [&](std::int64_t begin, std::int64_t end) { convert(from.at(begin), end - begin, to.at(begin)); });
  return tensor;
}

void PortableBackend::download(const Tensor& tensor, std::span<float> out) {
  if (std::cmp_not_equal(out.size(), tensor.shape().element_count())) {
    fail(codes::kInvalidValue,
         "[download] " + tensor.shape().to_string() + " does not fill " + std::to_string(out.size()) + " values");
  }
  const Elements from = elements_of(tensor);
  for_row_pieces(tensor.shape().element_count(), 1,
                 [&](std::int64_t begin, std::int64_t end) { widen(from.at(begin), end - begin, out.data() + begin); });
}

void PortableBackend::copy(const Tensor& source, Tensor& destination) {
  check_same_shape("copy", source, destination);
  if ((source.dtype() == DType::i32) != (destination.dtype() == DType::i32)) {
    fail(codes::kInvalidValue, "[copy] " + std::string(name_of(source.dtype())) + " cannot be turned into " +
                                   std::string(name_of(destination.dtype())));
  }
  const Elements from = elements_of(source), to = elements_of(destination);
  for_row_pieces(source.shape().element_count(), 1,
                 [&](std::int64_t begin, std::int64_t end) { convert(from.at(begin), end - begin, to.at(begin)); });
}

}  // namespace palimpsest
