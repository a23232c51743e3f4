#include "tests/support/backend_op_cases.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/op_cases.h"
#include "tests/support/op_test_values.h"

namespace palimpsest::testing {
namespace {

void run_case(const OpCase& op, const BackendFactory& make_backend, DType dtype) {
  const std::string name = std::string(op.name) + " in " + std::string(name_of(dtype));
  SUBCASE(name.c_str()) {
    const std::unique_ptr<Backend> backend = make_backend(dtype);
    REQUIRE(backend->compute_dtype() == dtype);
    CAPTURE(name);
    OpTest test(*backend);
    op.run(test);
    backend->synchronize();
  }
}

}  // namespace

LinearWeightPtr prepare(Backend& backend, const HostValues& w, const HostValues* bias) {
  const HostView weights[] = {w.view()};
  if (bias == nullptr) return backend.prepare_linear(weights, {});
  const HostView biases[] = {bias->view()};
  return backend.prepare_linear(weights, biases);
}

HostValues rotation_table(OpTest& t, std::int64_t tokens, std::int64_t width) {
  HostValues pe = t.random({tokens, width / 2, 2}, DType::f32);
  for (std::size_t i = 0; i < pe.values.size(); i += 2) {
    const float angle = pe.values[i] * 3.0F;
    pe.values[i] = std::cos(angle);
    pe.values[i + 1] = std::sin(angle);
  }
  return pe;
}

void check_backend_ops(const BackendFactory& make_backend) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const auto& cases : {product_op_cases(), row_op_cases(), storage_op_cases()}) {
      for (const OpCase& op : cases) run_case(op, make_backend, dtype);
    }
  }
}

std::vector<float> all_op_results(Backend& backend) {
  OpTest t(backend);
  std::vector<float> results;
  const auto keep = [&](const Tensor& tensor) {
    const std::vector<float> values = t.download(tensor);
    results.insert(results.end(), values.begin(), values.end());
  };
  const std::int64_t tokens = 260, width = 192;
  Tensor x = t.upload(t.random({tokens, width}));
  const Tensor vector = t.vector(t.random({width}, DType::f32));
  const HostValues w = t.random({3 * width, width}), back = t.random({width, 3 * width});
  Tensor qkv = backend.linear(x, *prepare(backend, w, nullptr), Activation::gelu_tanh);
  keep(qkv);
  backend.linear_residual(qkv, *prepare(backend, back, nullptr), &vector, x);
  keep(x);
  backend.qk_norm_rope(qkv, 3, t.vector(t.random({64}, DType::f32)), t.vector(t.random({64}, DType::f32)),
                       t.vector(rotation_table(t, tokens, 64)));
  keep(qkv);
  Tensor out = backend.allocate({tokens, width}, backend.compute_dtype());
  backend.attention(qkv, 3, {}, out, 0);
  keep(out);
  keep(backend.layer_norm(x, &vector, &vector, 1e-6F));
  keep(backend.modulated_norm(x, vector, vector));
  keep(backend.rms_norm(x, vector, 1e-6F));
  backend.add_gated(x, out, vector);
  keep(x);
  const Tensor picture = t.upload(t.random({40, 40, 64}));
  const Tensor channels = t.vector(t.random({64}, DType::f32));
  keep(backend.group_norm(picture, 32, channels, channels, 1e-6F, Activation::silu));
  const HostValues kernel = t.random({32, 64, 3, 3}), bias = t.random({32}, DType::f32);
  keep(backend.conv2d(picture, *backend.prepare_conv(kernel.view(), bias.view()), {1, 1, 1, 1, 1}, nullptr));
  keep(backend.upsample_nearest_2x(picture));
  return results;
}

}  // namespace palimpsest::testing
