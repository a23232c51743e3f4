#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "shared/base/error.h"
#include "tests/support/op_cases.h"
#include "tests/support/op_test_values.h"

namespace palimpsest::testing {
namespace {

// ---- memory, columns and lookup

void transfers(OpTest& t) {
  const HostValues x = t.random({3, 2000}, DType::f32);
  std::vector<Expected> want;
  for (const float value : x.values) want.push_back({value, std::abs(value)});
  t.check(t.upload(x), want, 1, 0);
  Tensor wide = t.backend.allocate({6, 2000}, DType::f32), rows = wide.rows(3, 3);
  t.backend.copy(t.upload(x), rows);
  t.check(wide.rows(3, 3), want, 1, 0);
  Tensor narrow = t.backend.allocate({3, 2000}, t.backend.compute_dtype());
  t.backend.copy(rows, narrow);
  t.check(narrow, want, 1, 0);
  const std::vector<std::int32_t> ids = {1, -7, 1 << 20};
  t.check(t.backend.upload(view_of(ids, {3}), DType::i32), {{1, 0}, {-7, 0}, {1 << 20, 0}}, 0, 0);
}

void columns(OpTest& t) {
  const HostValues x = t.random({13, 30}), part = t.random({13, 4});
  std::vector<Expected> sliced, written;
  for (std::int64_t i = 0; i < 13 * 9; ++i) sliced.push_back({x[i / 9 * 30 + 5 + i % 9], 0});
  for (std::int64_t i = 0; i < 13 * 30; ++i) {
    const std::int64_t column = i % 30 - 26;
    written.push_back({column >= 0 ? part[i / 30 * 4 + column] : x[i], 0});
  }
  t.check(t.backend.slice_columns(t.upload(x), 5, 9), sliced, 0, 0);
  Tensor out = t.upload(x);
  t.backend.write_columns(out, 26, t.upload(part));
  t.check(out, written, 0, 0);
}

void embedding(OpTest& t) {
  const HostValues table = t.random({9, 21});
  const std::vector<std::int32_t> ids = {8, 0, 3, 3};
  std::vector<Expected> want;
  for (std::int64_t i = 0; i < 84; ++i) want.push_back({table[ids[static_cast<std::size_t>(i / 21)] * 21 + i % 21], 0});
  const Tensor chosen = t.backend.upload(view_of(ids, {4}), DType::i32);
  for (const DType dtype : {DType::f32, t.backend.compute_dtype()}) {
    const Tensor out = t.backend.embedding(t.upload(table, dtype), chosen);
    CHECK(out.dtype() == t.backend.compute_dtype());
    t.check(out, want, 0, 0);
  }
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const PalimpsestError& error) {
    return error.error().code;
  }
  return "no refusal";
}

void refusals(OpTest& t) {
  Backend& b = t.backend;
  const std::string invalid(codes::kInvalidValue);
  Tensor x = t.upload(t.random({4, 6})), other = t.upload(t.random({4, 5}));
  const Tensor short_vector = t.vector(t.random({5}, DType::f32));
  const HostValues w = t.random({3, 5});
  CHECK(refusal([&] { b.linear(x, *prepare(b, w, nullptr)); }) == invalid);
  CHECK(refusal([&] { b.attention(x, 4, {}, other, 0); }) == invalid);
  CHECK(refusal([&] { b.rms_norm(x, short_vector, 1e-6F); }) == invalid);
  CHECK(refusal([&] { b.layer_norm(x, &short_vector, nullptr, 1e-6F); }) == invalid);
  CHECK(refusal([&] { b.modulated_norm(x, short_vector, short_vector); }) == invalid);
  CHECK(refusal([&] { b.add(x, other); }) == invalid);
  CHECK(refusal([&] { b.multiply(x, other); }) == invalid);
  CHECK(refusal([&] { b.scale_shift(x, short_vector, short_vector); }) == invalid);
  CHECK(refusal([&] { b.add_gated(x, x, short_vector); }) == invalid);
  CHECK(refusal([&] { b.slice_columns(x, 3, 4); }) == invalid);
  CHECK(refusal([&] { b.write_columns(x, 2, other); }) == invalid);
  CHECK(refusal([&] { b.copy(other, x); }) == invalid);
  const Tensor ids = b.upload(view_of(std::vector<std::int32_t>{0, 4}, {2}), DType::i32);
  CHECK(refusal([&] { b.embedding(x, ids); }) == invalid);
  CHECK(refusal([&] { b.activate(const_cast<Tensor&>(ids), Activation::silu); }) == invalid);
  const std::vector<std::byte> doubles(16);
  CHECK(refusal([&] { b.upload({DType::f64, {2}, doubles}, DType::f32); }) == invalid);
  std::vector<float> short_span(3);
  CHECK(refusal([&] { b.download(x, short_span); }) == invalid);
  const std::int64_t absurd = std::int64_t{1} << 61;
  CHECK(refusal([&] { b.allocate({absurd}, DType::f32); }) == codes::kOutOfMemory);
}

void memory_use(OpTest& t) {
  const MemoryUse before = t.backend.memory_use();
  {
    const Tensor x = t.backend.allocate({1000, 100}, DType::f32);
    CHECK(t.backend.memory_use().activation_bytes >= before.activation_bytes + 400000);
  }
  CHECK(t.backend.memory_use().activation_bytes == before.activation_bytes);
  CHECK(t.backend.memory_use().peak_activation_bytes >= before.activation_bytes + 400000);
  t.backend.reset_peak_memory();
  CHECK(t.backend.memory_use().peak_activation_bytes == before.activation_bytes);
  const HostValues w = t.random({64, 64});
  const LinearWeightPtr weight = prepare(t.backend, w, nullptr);
  CHECK(t.backend.memory_use().weight_bytes >= before.weight_bytes + 64 * 64 * 2);
}

constexpr OpCase kStorageCases[] = {
    {"upload, download, copy", transfers},
    {"slice_columns, write_columns", columns},
    {"embedding", embedding},
    {"refusals", refusals},
    {"memory use", memory_use},
};

}  // namespace

std::span<const OpCase> storage_op_cases() {
  return kStorageCases;
}

}  // namespace palimpsest::testing
