#include "native/backends/registry.h"

#include <array>
#include <string>

#include "native/backends/backend_kind.h"
#include "native/backends/parallel.h"
#include "shared/base/error.h"
#include "shared/portable/portable_backend.h"

namespace palimpsest {
namespace {

constexpr int kMaxThreads = 1024;

constexpr BackendKind kPortable{"portable", "the project's own vector kernels on the CPU", [] { return false; },
                                [](Parallel& parallel, DType dtype) -> std::unique_ptr<Backend> {
                                  return std::make_unique<PortableBackend>(parallel, dtype);
                                }};

struct Entry {
  std::string_view name;
  std::string_view title;
  const BackendKind* kind;  ///< nullptr where the build leaves it out
};

/// Every backend that has a name, the best first.
std::array<Entry, 3> entries() {
  return {{{"cuda", "CUDA", cuda_kind()}, {"onednn", "oneDNN", onednn_kind()}, {"portable", "portable", &kPortable}}};
}

[[noreturn]] void refuse(std::string_view option, std::string message) {
  throw PalimpsestError({std::string(codes::kInvalidValue), std::move(message), std::string(option)});
}

std::string names_of_available() {
  std::string names = "auto";
  for (const AvailableBackend& backend : available_backends()) names += ", " + std::string(backend.name);
  return names;
}

const BackendKind& kind_named(std::string_view name) {
  for (const Entry& entry : entries()) {
    if (name == entry.name && entry.kind == nullptr) {
      refuse("backend", "backend " + std::string(name) + " is not to be had: this build has no " +
                            std::string(entry.title) + "; choose one of " + names_of_available());
    }
    if (entry.kind != nullptr && (name == entry.name || name == "auto")) return *entry.kind;
  }
  refuse("backend", "backend must be one of " + names_of_available() + ", not '" + std::string(name) + "'");
}

DType auto_dtype(const BackendKind& kind) {
  return kind.profits_from_bf16() ? DType::bf16 : DType::f32;
}

DType dtype_named(std::string_view name, const BackendKind& kind) {
  if (name == "auto") return auto_dtype(kind);
  if (name == "f32") return DType::f32;
  if (name == "bf16") return DType::bf16;
  refuse("dtype", "dtype must be one of auto, f32, bf16, not '" + std::string(name) + "'");
}

}  // namespace

std::vector<AvailableBackend> available_backends() {
  std::vector<AvailableBackend> backends;
  for (const Entry& entry : entries()) {
    if (entry.kind != nullptr) backends.push_back({entry.name, entry.kind->description, auto_dtype(*entry.kind)});
  }
  return backends;
}

OwnedBackend make_backend(std::string_view name, std::string_view dtype, int threads) {
  const BackendKind& kind = kind_named(name);
  const DType compute_dtype = dtype_named(dtype, kind);
  if (threads < 0 || threads > kMaxThreads) {
    refuse("threads", "threads must be between 0 (one for each core) and " + std::to_string(kMaxThreads) + ", not " +
                          std::to_string(threads));
  }
  std::unique_ptr<Parallel> parallel = make_parallel(threads == 0 ? available_processors() : threads);
  std::unique_ptr<Backend> backend = kind.make(*parallel, compute_dtype);
  return {std::move(parallel), std::move(backend)};
}

}  // namespace palimpsest
