#include "native/backends/registry.h"

#include <doctest/doctest.h>

#include <string>

#include "native/backends/backend_kind.h"
#include "native/backends/parallel.h"
#include "shared/base/error.h"

using namespace palimpsest;

namespace {

Error error_of(std::string_view name, std::string_view dtype, int threads) {
  try {
    make_backend(name, dtype, threads);
  } catch (const PalimpsestError& error) {
    return error.error();
  }
  return {};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("every available backend is made under its name in both dtypes") {
  REQUIRE_FALSE(available_backends().empty());
  for (const AvailableBackend& available : available_backends()) {
    CHECK_FALSE(available.description.empty());
    CHECK(make_backend(available.name, "f32", 1)->name() == available.name);
    CHECK(make_backend(available.name, "f32", 1)->compute_dtype() == DType::f32);
    CHECK(make_backend(available.name, "bf16", 1)->compute_dtype() == DType::bf16);
    CHECK(make_backend(available.name, "auto", 1)->compute_dtype() == available.auto_dtype);
  }
}

TEST_CASE("auto takes the first available backend, and oneDNN where the build has it") {
  CHECK(make_backend("auto", "auto", 1)->name() == available_backends().front().name);
  if (onednn_kind() != nullptr && cuda_kind() == nullptr) CHECK(make_backend("auto", "f32", 1)->name() == "onednn");
}

TEST_CASE("the portable backend computes in f32 unless told otherwise") {
  CHECK(make_backend("portable", "auto", 1)->compute_dtype() == DType::f32);
}

TEST_CASE("threads are those asked for, and one for each processor by default") {
  CHECK(make_backend("portable", "f32", 3).thread_count() == 3);
  CHECK(make_backend("portable", "f32", 0).thread_count() == available_processors());
}

TEST_CASE("an unknown backend is refused with the names that there are") {
  const Error error = error_of("metal", "auto", 1);
  CHECK(error.code == codes::kInvalidValue);
  CHECK(error.param == "backend");
  CHECK(contains(error.message, "'metal'"));
  for (const AvailableBackend& available : available_backends()) CHECK(contains(error.message, available.name));
}

TEST_CASE("a backend that this build leaves out says so") {
  const Error error = error_of("cuda", "auto", 1);
  if (cuda_kind() != nullptr) return;
  CHECK(error.code == codes::kInvalidValue);
  CHECK(error.param == "backend");
  CHECK(contains(error.message, "this build has no CUDA"));
  CHECK(contains(error.message, "portable"));
}

TEST_CASE("an unknown dtype and an impossible number of threads are refused") {
  const Error dtype = error_of("portable", "fp8", 1);
  CHECK(dtype.param == "dtype");
  CHECK(contains(dtype.message, "auto, f32, bf16"));
  for (const int threads : {-1, 1025}) {
    const Error error = error_of("portable", "f32", threads);
    CHECK(error.code == codes::kInvalidValue);
    CHECK(error.param == "threads");
    CHECK(contains(error.message, std::to_string(threads)));
  }
}
