#include "native/backends/onednn/library.h"

#include <algorithm>
#include <atomic>

namespace palimpsest {
namespace {

// A step of the largest model at a handful of sizes stays below it; creating a primitive anew costs 40 times a hit.
constexpr int kPrimitiveCacheCapacity = 4096;

}  // namespace

OneDnnBackend::OneDnnBackend(Parallel& parallel, DType compute_dtype) : PortableBackend(parallel, compute_dtype) {
  guarded(
      0, [] { return std::string("[onednn] starting the library"); },
      [&] {
        library_ = std::make_unique<Library>();
        dnnl::set_primitive_cache_capacity(kPrimitiveCacheCapacity);
      });
}

OneDnnBackend::~OneDnnBackend() = default;

bool OneDnnBackend::profits_from_bf16() {
  // Values of cpu_isa are sets of bits: a processor with more has these as well.
  const auto has = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
  return (has & wanted) == wanted;
}

Tensor OneDnnBackend::in_compute_dtype(const Tensor& x) {
  if (x.dtype() == compute_dtype()) return x;
  Tensor converted = allocate(x.shape(), compute_dtype());
  copy(x, converted);
  return converted;
}

void OneDnnBackend::Library::run_pieces(OneDnnBackend& backend, std::int64_t piece_count, std::size_t scratch_bytes,
                                        const std::function<void(PieceWorker&, std::int64_t)>& piece) const {
  const std::int64_t workers = std::min<std::int64_t>(backend.parallel().thread_count(), piece_count);
  const std::size_t stride = aligned_bytes(scratch_bytes);
  const auto scratch = backend.memory().allocate(static_cast<std::uint64_t>(workers) * stride);
  std::atomic<std::int64_t> next = 0;
  backend.parallel().run(workers, [&](std::int64_t index) {
    const SingleThreadScope single;
    PieceWorker worker{dnnl::stream(engine), static_cast<std::byte*>(scratch->address()) + index * stride};
    for (std::int64_t i = next++; i < piece_count; i = next++) piece(worker, i);
  });
}

dnnl::memory::data_type library_type(DType dtype) {
  if (dtype == DType::f32) return dnnl::memory::data_type::f32;
  if (dtype == DType::bf16) return dnnl::memory::data_type::bf16;
  fail(codes::kInvalidValue, "[onednn] tensors are f32 or bf16, not " + std::string(name_of(dtype)));
}

void refuse_library_error(const dnnl::error& error, const std::string& call, std::size_t operand_bytes) {
  if (error.status == dnnl_out_of_memory) {
    fail(codes::kOutOfMemory,
         call + ": oneDNN got no memory besides the op's own " + std::to_string(operand_bytes) + " bytes", 507);
  }
  fail("device_error",
       call + ": oneDNN status " + std::to_string(static_cast<int>(error.status)) + " (" + error.what() + ")", 500);
}

}  // namespace palimpsest
