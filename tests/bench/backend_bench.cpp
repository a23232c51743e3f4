// Rates of the ops of a full-width transformer block against the library's own packed matmul of the same shape, timed
// in turns in one process. Not a test: run it by hand on a quiet machine.
//   bench_backends [backend] [dtype] [threads] [tokens …]
// Columns: GFLOP/s by the clock, GFLOP/s for each second of processor time (which other programs disturb less), and
// the ratio to the plain product by either; for element-wise ops GB/s.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "native/backends/onednn/library.h"
#include "native/backends/onednn/onednn_version.h"
#include "native/backends/registry.h"
#include "shared/base/error.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kHidden = 3072, kHeads = 24;

struct Seconds {
  double wall = std::numeric_limits<double>::infinity(), cpu = wall;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Best times of each of the bodies, run in turns.
std::vector<Seconds> best_of_turns(const std::vector<std::function<void()>>& bodies) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(4);
  std::vector<Seconds> best(bodies.size());
  for (int turn = 0; turn < 3 || (Clock::now() < end && turn < 30); ++turn) {
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      const auto wall = Clock::now();
      const double cpu = cpu_seconds();
      bodies[i]();
      best[i].wall = std::min(best[i].wall, std::chrono::duration<double>(Clock::now() - wall).count());
      best[i].cpu = std::min(best[i].cpu, cpu_seconds() - cpu);
    }
  }
  return best;
}

std::vector<float> random_values(std::int64_t count, float scale) {
  std::mt19937 generator(3);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = scale * static_cast<float>(static_cast<double>(generator()) * 0x1p-31 - 1.0);
  return values;
}

/// The library's own matmul with packed weights, on its own threads.
class PlainMatmul {
 public:
  PlainMatmul(std::int64_t rows, std::int64_t depth, std::int64_t columns, DType dtype, int threads)
      : threads_(threads) {
    using dnnl::memory;
    omp_set_num_threads(threads_);
    const auto type = library_type(dtype);
    const memory::desc x({rows, depth}, type, memory::format_tag::ab), y({rows, columns}, type, memory::format_tag::ab);
    const memory::desc w({depth, columns}, type, memory::format_tag::any);
    const auto description = onednn::describe_matmul(engine_, x, w, nullptr, y, {});
    product_ = dnnl::matmul(description);
    memory weights(description.weights_desc(), engine_), source(x, engine_), result(y, engine_);
    for (memory* operand : {&weights, &source}) {
      auto* bytes = static_cast<std::uint16_t*>(operand->get_data_handle());
      std::mt19937 generator(1);
      for (std::size_t i = 0; i < operand->get_desc().get_size() / 2; ++i) {
        bytes[i] = static_cast<std::uint16_t>(0x3c00 + generator() % 1024);  // both halves of an f32, or a bf16
      }
    }
    arguments_ = {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, result}};
  }

  void operator()() {
    omp_set_num_threads(threads_);
    product_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  int threads_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul product_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

class BackendBench {
 public:
  BackendBench(Backend& backend, int threads) : b_(backend), threads_(threads) {}

  void run(std::int64_t tokens) {
    std::printf("\n%lld tokens\n", static_cast<long long>(tokens));
    linear("linear 3072->9216", tokens, kHidden, 3 * kHidden, Activation::none);
    linear("linear 3072->12288 + gelu", tokens, kHidden, 4 * kHidden, Activation::gelu_tanh);
    linear("linear 3072->21504", tokens, kHidden, 7 * kHidden, Activation::none);
    linear_into_columns(tokens);
    linear_residual("12288->3072 gated residual", tokens, 4 * kHidden);
    linear_residual("15360->3072 gated residual", tokens, 5 * kHidden);
    attention(tokens);
    element_wise(tokens);
    single_block(tokens);
  }

  void pictures() {
    std::printf("\nconvolutions of the AutoEncoder, against a product of as much work\n");
    conv("3x3 128->128, 512 x 512", 512, 128, 128);
    conv("3x3 256->256, 256 x 256", 256, 256, 256);
    conv("3x3 512->512, 128 x 128", 128, 512, 512);
    conv("3x3 512->512, 64 x 64", 64, 512, 512);
  }

  void few_rows() {
    std::printf("\nmodulation, one row, GB/s of weights\n");
    const LinearWeightPtr w = weight(kHidden, 6 * kHidden);
    const Tensor x = activations({1, kHidden});
    Tensor out = b_.allocate({1, 6 * kHidden}, DType::f32);
    PlainMatmul plain(1, kHidden, 6 * kHidden, b_.compute_dtype(), threads_);
    const double work = static_cast<double>(kHidden * 6 * kHidden) * bits_of(b_.compute_dtype()) / 8;
    report("linear 3072->18432, 1 row", work,
           best_of_turns({[&] { b_.linear(x, *w, Activation::none, out, 0); }, [&] { plain(); }}));
  }

 private:
  LinearWeightPtr weight(std::int64_t in, std::int64_t out) {
    const std::vector<float> values = random_values(in * out, 0.02F), bias = random_values(out, 0.1F);
    const HostView weights = view_of(values, {out, in}), biases = view_of(bias, {out});
    return b_.prepare_linear({&weights, 1}, {&biases, 1});
  }
  Tensor activations(const Shape& shape) {
    return b_.upload(view_of(random_values(shape.element_count(), 1.0F), shape), b_.compute_dtype());
  }
  Tensor vector(std::int64_t count) { return b_.upload(view_of(random_values(count, 0.5F), {count}), DType::f32); }

  static void report(const char* name, double work, const std::vector<Seconds>& times) {
    std::printf("%-30s %8.1f %8.1f", name, 1e-9 * work / times[0].wall, 1e-9 * work / times[0].cpu);
    if (times.size() > 1) {
      std::printf("   plain %8.1f %8.1f   ratio %5.3f %5.3f", 1e-9 * work / times[1].wall, 1e-9 * work / times[1].cpu,
                  times[1].wall / times[0].wall, times[1].cpu / times[0].cpu);
    }
    std::printf("\n");
    std::fflush(stdout);
  }

  void linear(const char* name, std::int64_t tokens, std::int64_t in, std::int64_t out_width, Activation act) {
    const LinearWeightPtr w = weight(in, out_width);
    const Tensor x = activations({tokens, in});
    Tensor out = b_.allocate({tokens, out_width}, b_.compute_dtype());
    PlainMatmul plain(tokens, in, out_width, b_.compute_dtype(), threads_);
    report(name, 2.0 * static_cast<double>(tokens * in * out_width),
           best_of_turns({[&] { b_.linear(x, *w, act, out, 0); }, [&] { plain(); }}));
  }

  void linear_into_columns(std::int64_t tokens) {
    const LinearWeightPtr w = weight(kHidden, 4 * kHidden);
    const Tensor x = activations({tokens, kHidden});
    Tensor out = b_.allocate({tokens, 5 * kHidden}, b_.compute_dtype());
    PlainMatmul plain(tokens, kHidden, 4 * kHidden, b_.compute_dtype(), threads_);
    report("the same into wider rows", 8.0 * static_cast<double>(tokens * kHidden * kHidden),
           best_of_turns({[&] { b_.linear(x, *w, Activation::gelu_tanh, out, kHidden); }, [&] { plain(); }}));
  }

  void linear_residual(const char* name, std::int64_t tokens, std::int64_t in) {
    const LinearWeightPtr w = weight(in, kHidden);
    const Tensor x = activations({tokens, in}), gate = vector(kHidden);
    Tensor residual = activations({tokens, kHidden});
    PlainMatmul plain(tokens, in, kHidden, b_.compute_dtype(), threads_);
    report(name, 2.0 * static_cast<double>(tokens * in * kHidden),
           best_of_turns({[&] { b_.linear_residual(x, *w, &gate, residual); }, [&] { plain(); }}));
  }

  void conv(const char* name, std::int64_t side, std::int64_t in, std::int64_t out) {
    const std::vector<float> kernel = random_values(in * out * 9, 0.05F), bias = random_values(out, 0.1F);
    const ConvWeightPtr w = b_.prepare_conv(view_of(kernel, {out, in, 3, 3}), view_of(bias, {out}));
    const Tensor x = activations({side, side, in}), residual = activations({side, side, out});
    PlainMatmul plain(1024, 9 * in, side * side * out / 1024, b_.compute_dtype(), threads_);
    report(name, 18.0 * static_cast<double>(side * side * in * out),
           best_of_turns({[&] {
                            b_.conv2d(x, *w, {1, 1, 1, 1, 1}, &residual);
                          },
                          [&] { plain(); }}));
  }

  void attention(std::int64_t tokens) {
    const Tensor qkv = activations({tokens, 3 * kHidden});
    Tensor out = b_.allocate({tokens, kHidden}, b_.compute_dtype());
    const double work = 4.0 * static_cast<double>(tokens * tokens * kHidden);
    PlainMatmul plain(tokens, tokens, 2 * kHidden, b_.compute_dtype(), threads_);
    report("attention 24 x 128", work,
           best_of_turns({[&] { b_.attention(qkv, kHeads, {0.088F}, out, 0); }, [&] { plain(); }}));
  }

  void element_wise(std::int64_t tokens) {
    const Tensor x = activations({tokens, kHidden}), scale = vector(kHidden), shift = vector(kHidden);
    const double bytes = static_cast<double>(x.size_bytes());
    report("modulated_norm, GB/s", 2 * bytes, best_of_turns({[&] { b_.modulated_norm(x, scale, shift); }}));
    Tensor qkv = activations({tokens, 3 * kHidden});
    const Tensor w = vector(128);
    const Tensor pe = b_.upload(view_of(random_values(tokens * 128, 1.0F), {tokens, 64, 2}), DType::f32);
    report("qk_norm_rope, GB/s", 4 * bytes, best_of_turns({[&] { b_.qk_norm_rope(qkv, kHeads, w, w, pe); }}));
  }

  /// A whole single-stream block, against plain products of its layers and of the size of its attention.
  void single_block(std::int64_t tokens) {
    const LinearWeightPtr qkv_weight = weight(kHidden, 3 * kHidden), mlp_weight = weight(kHidden, 4 * kHidden);
    const LinearWeightPtr out_weight = weight(5 * kHidden, kHidden);
    Tensor x = activations({tokens, kHidden});
    const Tensor scale = vector(kHidden), shift = vector(kHidden), gate = vector(kHidden), head = vector(128);
    const Tensor pe = b_.upload(view_of(random_values(tokens * 128, 1.0F), {tokens, 64, 2}), DType::f32);
    const auto block = [&] {
      const Tensor normed = b_.modulated_norm(x, scale, shift);
      Tensor qkv = b_.linear(normed, *qkv_weight);
      Tensor both = b_.allocate({tokens, 5 * kHidden}, b_.compute_dtype());
      b_.linear(normed, *mlp_weight, Activation::gelu_tanh, both, kHidden);
      b_.qk_norm_rope(qkv, kHeads, head, head, pe);
      b_.attention(qkv, kHeads, {0.088F}, both, 0);
      b_.linear_residual(both, *out_weight, &gate, x);
    };
    PlainMatmul in(tokens, kHidden, 7 * kHidden, b_.compute_dtype(), threads_);
    PlainMatmul back(tokens, 5 * kHidden, kHidden, b_.compute_dtype(), threads_);
    PlainMatmul scores(tokens, tokens, 2 * kHidden, b_.compute_dtype(), threads_);
    const double work =
        24.0 * static_cast<double>(tokens * kHidden * kHidden) + 4.0 * static_cast<double>(tokens * tokens * kHidden);
    report("single-stream block", work, best_of_turns({block, [&] {
                                                         in();
                                                         back();
                                                         scores();
                                                       }}));
  }

  Backend& b_;
  int threads_;
};

int run(int count, char** arguments) {
  const auto argument = [&](int index, const char* otherwise) {
    return std::string(index < count ? arguments[index] : otherwise);
  };
  const OwnedBackend backend =
      make_backend(argument(1, "auto"), argument(2, "auto"), std::atoi(argument(3, "0").c_str()));
  std::printf("%s, %s, %d threads\n", std::string(backend->name()).c_str(),
              std::string(name_of(backend->compute_dtype())).c_str(), backend.thread_count());
  BackendBench bench(*backend, backend.thread_count());
  bench.few_rows();
  bench.pictures();
  for (int i = 4; i < count; ++i) bench.run(std::atoll(arguments[i]));
  if (count <= 4) {
    for (const std::int64_t tokens : {768, 2560}) bench.run(tokens);
  }
  return 0;
}

}  // namespace
}  // namespace palimpsest

int main(int count, char** arguments) {
  try {
    return palimpsest::run(count, arguments);
  } catch (const palimpsest::PalimpsestError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
