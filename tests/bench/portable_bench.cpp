// Rates of the portable backend on one thread, natively or under Node. Not a test: run it by hand.
//   bench_portable [dtype]
// GFLOP/s for each second of processor time, the best of several runs.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "shared/base/error.h"
#include "shared/portable/portable_backend.h"

namespace palimpsest {
namespace {

/// Shortest time of a call; quick ones are timed several at a time, because Node's clock ticks in milliseconds.
double best_seconds(const std::function<void()>& body) {
  double best = std::numeric_limits<double>::infinity(), total = 0;
  int calls = 1;
  for (int turn = 0; turn < 3 || total < 1.0; ++turn) {
    const std::clock_t begin = std::clock();
    for (int i = 0; i < calls; ++i) body();
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    total += seconds;
    if (seconds < 0.02) {
      calls *= 2;
    } else {
      best = std::min(best, seconds / calls);
    }
  }
  return best;
}

class PortableBench {
 public:
  explicit PortableBench(DType dtype) : b_(serial_, dtype) {}

  void linear(std::int64_t rows, std::int64_t in, std::int64_t out, Activation act) {
    const std::vector<float> values = random_values(in * out);
    const HostView weights = view_of(values, {out, in});
    const LinearWeightPtr w = b_.prepare_linear({&weights, 1}, {});
    const Tensor x = activations({rows, in});
    report("linear " + numbers({rows, in, out}), 2.0 * static_cast<double>(rows * in * out),
           [&] { b_.linear(x, *w, act); });
  }

  void attention(std::int64_t tokens, std::int64_t heads, std::int64_t width) {
    const Tensor qkv = activations({tokens, 3 * heads * width});
    Tensor out = b_.allocate({tokens, heads * width}, b_.compute_dtype());
    report("attention " + numbers({tokens, heads, width}), 4.0 * static_cast<double>(tokens * tokens * heads * width),
           [&] { b_.attention(qkv, heads, {0.1F}, out, 0); });
  }

  void conv(std::int64_t side, std::int64_t in, std::int64_t out) {
    const std::vector<float> kernel = random_values(in * out * 9), bias = random_values(out);
    const ConvWeightPtr w = b_.prepare_conv(view_of(kernel, {out, in, 3, 3}), view_of(bias, {out}));
    const Tensor x = activations({side, side, in});
    report("conv 3x3 " + numbers({side, in, out}), 18.0 * static_cast<double>(side * side * in * out), [&] {
      b_.conv2d(x, *w, {1, 1, 1, 1, 1}, nullptr);
    });
  }

  void norms(std::int64_t tokens, std::int64_t width) {
    const Tensor x = activations({tokens, width}), w = vector(width), head = vector(64);
    const double elements = static_cast<double>(tokens * width);
    report("modulated_norm, Gelement/s", elements, [&] { b_.modulated_norm(x, w, w); });
    const Tensor picture = x.reshaped({tokens, width / 128, 128}), channel = vector(128);
    report("group_norm + silu, Gelement/s", elements,
           [&] { b_.group_norm(picture, 32, channel, channel, 1e-6F, Activation::silu); });
    Tensor qkv = activations({tokens, 3 * width});
    const Tensor pe = b_.upload(view_of(random_values(tokens * 64), {tokens, 32, 2}), DType::f32);
    report("qk_norm_rope, Gelement/s", 2 * elements, [&] { b_.qk_norm_rope(qkv, width / 64, head, head, pe); });
    Tensor y = activations({tokens, width});
    report("gelu, Gelement/s", elements, [&] { b_.activate(y, Activation::gelu_tanh); });
  }

 private:
  static std::vector<float> random_values(std::int64_t count) {
    std::mt19937 generator(3);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(static_cast<double>(generator()) * 0x1p-31 - 1.0);
    return values;
  }
  static std::string numbers(std::initializer_list<std::int64_t> values) {
    std::string text;
    for (const std::int64_t value : values) text += (text.empty() ? "" : " x ") + std::to_string(value);
    return text;
  }
  Tensor activations(const Shape& shape) {
    return b_.upload(view_of(random_values(shape.element_count()), shape), b_.compute_dtype());
  }
  Tensor vector(std::int64_t count) { return b_.upload(view_of(random_values(count), {count}), DType::f32); }

  static void report(const std::string& name, double work, const std::function<void()>& body) {
    std::printf("%-34s %8.2f\n", name.c_str(), 1e-9 * work / best_seconds(body));
    std::fflush(stdout);
  }

  SerialParallel serial_;
  PortableBackend b_;
};

void run(DType dtype) {
  std::printf("%s\n", std::string(name_of(dtype)).c_str());
  PortableBench bench(dtype);
  bench.linear(1, 3072, 3072, Activation::none);
  bench.linear(64, 256, 256, Activation::none);
  bench.linear(256, 384, 1536, Activation::gelu_tanh);
  bench.linear(768, 3072, 3072, Activation::none);
  bench.attention(256, 6, 64);
  bench.attention(1536, 4, 128);
  bench.conv(64, 128, 128);
  bench.conv(64, 32, 32);
  bench.conv(128, 3, 32);
  bench.norms(512, 1024);
}

}  // namespace
}  // namespace palimpsest

int main(int count, char** arguments) {
  const std::string chosen = count > 1 ? arguments[1] : "";
  for (const palimpsest::DType dtype : {palimpsest::DType::f32, palimpsest::DType::bf16}) {
    if (chosen.empty() || chosen == palimpsest::name_of(dtype)) palimpsest::run(dtype);
  }
  return 0;
}
