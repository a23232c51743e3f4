// The oneDNN backend against the portable one at sizes that span several pieces, and the bounds of its own.
#include "native/backends/onednn/onednn_backend.h"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "native/backends/onednn/library.h"
#include "native/backends/parallel.h"
#include "tests/support/backend_op_cases.h"
#include "tests/support/close_to.h"

using namespace palimpsest;

namespace {

Parallel& two_threads() {
  static const std::unique_ptr<Parallel> parallel = make_parallel(2);
  return *parallel;
}

/// Both backends with the same numbers in them.
struct Pair {
  explicit Pair(DType dtype) : onednn(two_threads(), dtype), portable(two_threads(), dtype) {}

  /// Uniform in (-1, 1), of bf16 precision.
  static std::vector<float> random(const Shape& shape) {
    static std::mt19937 generator(5);
    std::vector<float> values(static_cast<std::size_t>(shape.element_count()));
    for (float& value : values) {
      value = float_from_bf16(bf16_from_float(static_cast<float>(static_cast<double>(generator()) * 0x1p-31 - 1.0)));
    }
    return values;
  }

  /// Runs `op` on both and checks that the results agree to `roundings` roundings of the dtype, relative to the RMS.
  template <typename Op>
  void compare(double roundings, Op op) {
    const std::vector<float> got = download(onednn, op(static_cast<Backend&>(onednn)));
    const std::vector<float> want = download(portable, op(static_cast<Backend&>(portable)));
    REQUIRE(got.size() == want.size());
    // An RMS over many roundings lies well below their bound; sums in f32 of a few thousand terms below 1e-6.
    const double unit = onednn.compute_dtype() == DType::bf16 ? 0x1p-8 : 0;
    CHECK(relative_rms(got, want) <= roundings * unit + 2e-6);
  }

  static std::vector<float> download(Backend& backend, const Tensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.shape().element_count()));
    backend.download(tensor, values);
    return values;
  }

  OneDnnBackend onednn;
  PortableBackend portable;
};

Tensor upload(Backend& backend, const std::vector<float>& values, const Shape& shape) {
  return backend.upload(view_of(values, shape), backend.compute_dtype());
}

template <typename Body>
Error error_of(Body body) {
  try {
    body();
  } catch (const PalimpsestError& error) {
    return error.error();
  }
  return {};
}

constexpr DType kDTypes[] = {DType::f32, DType::bf16};

}  // namespace

TEST_CASE("oneDNN: every op keeps to its text") {
  testing::check_backend_ops([](DType dtype) { return std::make_unique<OneDnnBackend>(two_threads(), dtype); });
}

TEST_CASE("oneDNN: linear agrees with the portable backend over several pieces of rows and panels") {
  for (const DType dtype : kDTypes) {
    Pair pair(dtype);
    for (const std::int64_t rows : {1, 2, 127, 128, 129, 300}) {
      CAPTURE(rows);
      const Shape x{rows, 192}, first{700, 192}, second{33, 192};
      const auto x_values = Pair::random(x), w1 = Pair::random(first), w2 = Pair::random(second);
      const auto bias = Pair::random({733});
      pair.compare(1, [&](Backend& b) {
        const HostView weights[] = {view_of(w1, first), view_of(w2, second)}, biases[] = {view_of(bias, {733})};
        Tensor out = upload(b, std::vector<float>(static_cast<std::size_t>(rows * 750), 0.25F), {rows, 750});
        b.linear(upload(b, x_values, x), *b.prepare_linear(weights, biases), Activation::gelu_tanh, out, 11);
        return out;
      });
    }
  }
}

TEST_CASE("oneDNN: linear_residual gates before it adds, over several pieces") {
  for (const DType dtype : kDTypes) {
    Pair pair(dtype);
    const Shape x{150, 256}, w{600, 256}, y{150, 600};
    const auto x_values = Pair::random(x), w_values = Pair::random(w), bias = Pair::random({600});
    const auto gate = Pair::random({600}), y_values = Pair::random(y);
    pair.compare(2, [&](Backend& b) {
      const HostView weights[] = {view_of(w_values, w)}, biases[] = {view_of(bias, {600})};
      const Tensor gates = b.upload(view_of(gate, {600}), DType::f32);
      Tensor residual = upload(b, y_values, y);
      b.linear_residual(upload(b, x_values, x), *b.prepare_linear(weights, biases), &gates, residual);
      return residual;
    });
  }
}

TEST_CASE("oneDNN: weights that start at an odd byte of a file are packed like any others") {
  OneDnnBackend backend(two_threads(), DType::bf16);
  const Shape shape{80, 64};
  const auto values = Pair::random(shape);
  std::vector<std::byte> file(values.size() * 2 + 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = bf16_from_float(values[i]);
    std::memcpy(file.data() + 1 + 2 * i, &bits, 2);
  }
  const HostView odd{DType::bf16, shape, std::span<const std::byte>(file).subspan(1)}, even = view_of(values, shape);
  const Tensor x = upload(backend, Pair::random({3, 64}), {3, 64});
  const auto got = Pair::download(backend, backend.linear(x, *backend.prepare_linear({&odd, 1}, {})));
  CHECK(got == Pair::download(backend, backend.linear(x, *backend.prepare_linear({&even, 1}, {}))));
}

TEST_CASE("oneDNN: attention agrees with the portable backend at tails of tiles, chunks and panels") {
  for (const std::int64_t head_width : {64, 128}) {
    for (const std::int64_t tokens : {1, 2, 63, 65, 97, 255, 256, 257, 601}) {
      CAPTURE(head_width);
      CAPTURE(tokens);
      Pair pair(DType::bf16);
      const Shape shape{tokens, 3 * 2 * head_width};
      const auto qkv = Pair::random(shape);
      // Weights and the result are rounded to bf16: the portable backend rounds only the result.
      pair.compare(2, [&](Backend& b) {
        Tensor out = upload(b, std::vector<float>(static_cast<std::size_t>(tokens * (2 * head_width + 16)), 0.5F),
                            {tokens, 2 * head_width + 16});
        b.attention(upload(b, qkv, shape), 2, {0.7F}, out, 16);
        return out;
      });
    }
  }
}

TEST_CASE("oneDNN: attention skips the first queries and writes f32 where asked") {
  Pair pair(DType::bf16);
  const Shape shape{200, 3 * 128};
  const auto qkv = Pair::random(shape);
  pair.compare(2, [&](Backend& b) {
    Tensor out = b.allocate({70, 128}, DType::f32);
    AttentionOptions options;
    options.first_query = 130;
    b.attention(upload(b, qkv, shape), 1, options, out, 0);
    return out;
  });
}

TEST_CASE("oneDNN: convolution agrees with the portable backend across bands, strides and uneven padding") {
  const ConvOptions cases[] = {{1, 1, 1, 1, 1}, {2, 0, 0, 1, 1}, {1, 2, 0, 0, 1}};
  for (const DType dtype : kDTypes) {
    for (const ConvOptions& options : cases) {
      Pair pair(dtype);
      const Shape x{90, 70, 32}, kernel{40, 32, 3, 3};
      const auto x_values = Pair::random(x), w = Pair::random(kernel), bias = Pair::random({40});
      pair.compare(2, [&](Backend& b) {
        const ConvWeightPtr conv = b.prepare_conv(view_of(w, kernel), view_of(bias, {40}));
        Tensor out = b.conv2d(upload(b, x_values, x), *conv, options, nullptr);
        return b.conv2d(upload(b, x_values, x), *conv, options, &out);
      });
    }
  }
}

TEST_CASE("oneDNN: the memory of packed weights is counted and given back") {
  OneDnnBackend backend(two_threads(), DType::bf16);
  const Shape shape{1024, 256};
  const auto values = Pair::random(shape);
  {
    const HostView view = view_of(values, shape);
    const LinearWeightPtr weight = backend.prepare_linear({&view, 1}, {});
    CHECK(backend.memory_use().weight_bytes == 1024 * 256 * 2);
    CHECK(backend.memory_use().activation_bytes == 0);
  }
  CHECK(backend.memory_use().weight_bytes == 0);
}

TEST_CASE("oneDNN: weights of another backend are refused") {
  Pair pair(DType::f32);
  const Shape shape{8, 4};
  const auto values = Pair::random(shape);
  const HostView view = view_of(values, shape);
  const LinearWeightPtr weight = pair.portable.prepare_linear({&view, 1}, {});
  const Tensor x = upload(pair.onednn, Pair::random({2, 4}), {2, 4});
  const Error error = error_of([&] { pair.onednn.linear(x, *weight); });
  CHECK(error.code == codes::kInvalidValue);
  CHECK(error.message.find("[linear]") == 0);
}

TEST_CASE("oneDNN: failures of the library carry the op, and lack of memory its own code") {
  const auto failing = [](dnnl_status_t status) {
    return error_of([&] {
      guarded(
          4096, [] { return std::string("[linear] x (3, 4)"); }, [&] { throw dnnl::error(status, "refused"); });
    });
  };
  CHECK(failing(dnnl_runtime_error).code == "device_error");
  CHECK(failing(dnnl_runtime_error).message.find("[linear] x (3, 4)") == 0);
  CHECK(failing(dnnl_out_of_memory).code == codes::kOutOfMemory);
  CHECK(failing(dnnl_out_of_memory).message.find("4096 bytes") != std::string::npos);
}
