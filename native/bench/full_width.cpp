#include "native/bench/full_width.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "shared/models/autoencoder.h"
#include "shared/models/flux_transformer.h"
#include "shared/weights/named_views.h"

namespace palimpsest {
namespace {

/// Random bf16 values, as many as the largest tensor has; all tensors begin there, so that they cost little memory.
std::vector<std::uint16_t> random_pool(const std::vector<WantedTensor>& wanted) {
  std::int64_t largest = 0;
  for (const WantedTensor& tensor : wanted) largest = std::max(largest, tensor.shape.element_count());
  std::mt19937 generator(1);
  std::vector<std::uint16_t> pool(static_cast<std::size_t>(largest));
  for (std::uint16_t& value : pool)
    value = bf16_from_float(static_cast<float>(static_cast<double>(generator()) * 0x1p-31 - 1.0) * 0.02F);
  return pool;
}

NamedViews random_weights(const std::vector<WantedTensor>& wanted, const std::vector<std::uint16_t>& pool) {
  NamedViews::Views views;
  for (const WantedTensor& tensor : wanted) {
    const auto count = static_cast<std::size_t>(tensor.shape.element_count());
    views[tensor.name] = {DType::bf16, tensor.shape, std::as_bytes(std::span(pool).first(count))};
  }
  return {std::move(views), "random weights"};
}

template <typename Network, typename Config>
std::unique_ptr<Network> random_network(const Config& config, Backend& backend) {
  const NamedViews none({}, "nothing");
  WeightLoader wanted(none, reference_names);
  Network(config, wanted);
  const std::vector<std::uint16_t> pool = random_pool(wanted.wanted());
  const NamedViews weights = random_weights(wanted.wanted(), pool);
  WeightLoader loader(weights, reference_names, backend, {});
  return std::make_unique<Network>(config, loader);
}

template <typename Body>
double best_seconds(Backend& backend, int rounds, const Body& body) {
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round <= rounds; ++round) {  // the first one warms up
    const auto start = std::chrono::steady_clock::now();
    body();
    backend.synchronize();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (round > 0) best = std::min(best, seconds);
  }
  return best;
}

Tensor random_tensor(Backend& backend, const Shape& shape) {
  std::mt19937 generator(2);
  std::vector<float> values(static_cast<std::size_t>(shape.element_count()));
  for (float& value : values) value = static_cast<float>(static_cast<double>(generator()) * 0x1p-31 - 1.0);
  return backend.upload(view_of(values, shape), backend.compute_dtype());
}

std::vector<float> grid_ids(std::int64_t rows, std::int64_t columns, float index) {
  std::vector<float> ids;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column)
      ids.insert(ids.end(), {index, static_cast<float>(row), static_cast<float>(column)});
  }
  return ids;
}

/// A product of the step: how often it occurs, and its shape.
struct Product {
  std::int64_t count, rows, in_features, out_features;
  double flop() const {
    return 2.0 * static_cast<double>(count) * static_cast<double>(rows) * static_cast<double>(in_features) *
           static_cast<double>(out_features);
  }
};

/// The blocks' matrix products. The last single block computes all of its qkv, but the rest for the noise tokens only.
std::vector<Product> products_of(const FluxConfig& config, const StepMeasurement& m) {
  const std::int64_t h = config.hidden_size, mlp = config.mlp_hidden_size();
  const std::int64_t pictures = m.reference_tokens + m.noise_tokens, all = m.text_tokens + pictures;
  std::vector<Product> products;
  for (const std::int64_t rows : {pictures, m.text_tokens}) {
    products.insert(products.end(), {{config.depth, rows, h, 3 * h},
                                     {config.depth, rows, h, h},
                                     {config.depth, rows, h, mlp},
                                     {config.depth, rows, mlp, h}});
  }
  const std::int64_t whole = config.depth_single_blocks - 1;
  products.insert(products.end(), {{whole + 1, all, h, 3 * h}, {whole, all, h, mlp}, {whole, all, h + mlp, h}});
  products.insert(products.end(), {{1, m.noise_tokens, h, mlp}, {1, m.noise_tokens, h + mlp, h}});
  return products;
}

double attention_flop(const FluxConfig& config, const StepMeasurement& m) {
  const auto all = static_cast<double>(m.text_tokens + m.reference_tokens + m.noise_tokens);
  const auto whole = static_cast<double>(config.depth + config.depth_single_blocks - 1);
  return 4.0 * static_cast<double>(config.hidden_size) * all * (whole * all + static_cast<double>(m.noise_tokens));
}

void measure_products(Backend& backend, const std::vector<Product>& products, int rounds, StepMeasurement& m) {
  for (const Product& product : products) {
    if (product.count == 0 || product.rows == 0) continue;
    std::vector<std::uint16_t> values(static_cast<std::size_t>(product.in_features * product.out_features),
                                      bf16_from_float(0.01F));
    const HostView weight{DType::bf16, {product.out_features, product.in_features}, std::as_bytes(std::span(values))};
    const LinearWeightPtr prepared = backend.prepare_linear(std::span(&weight, 1), {});
    const Tensor x = random_tensor(backend, {product.rows, product.in_features});
    Tensor out = backend.allocate({product.rows, product.out_features}, backend.compute_dtype());
    const double seconds =
        best_seconds(backend, rounds, [&] { backend.linear(x, *prepared, Activation::none, out, 0); });
    m.product_seconds += seconds * static_cast<double>(product.count);
    m.product_flop += product.flop();
  }
}

}  // namespace

StepMeasurement measure_step(Backend& backend, std::int64_t side, const FullWidthOptions& options) {
  FluxConfig config;
  config.depth = options.double_blocks;
  config.depth_single_blocks = options.single_blocks;
  const std::int64_t rows = side / 16;
  StepMeasurement m;
  m.text_tokens = options.text_tokens;
  m.reference_tokens = m.noise_tokens = rows * rows;
  const std::vector<Product> products = products_of(config, m);
  {
    const auto network = random_network<FluxTransformer>(config, backend);
    FluxConditioning conditioning;
    conditioning.txt = random_tensor(backend, {m.text_tokens, config.context_in_dim});
    conditioning.vec = random_tensor(backend, {1, config.vec_in_dim});
    conditioning.guidance = 2.5F;
    conditioning.timesteps = {0.5F};
    conditioning.noise_ids = grid_ids(rows, rows, 0);
    conditioning.references = random_tensor(backend, {m.reference_tokens, config.in_channels});
    conditioning.reference_ids = grid_ids(rows, rows, 1);
    const FluxRun run = network->prepare(conditioning);
    const Tensor img = random_tensor(backend, {m.noise_tokens, config.in_channels});
    backend.reset_peak_memory();
    m.seconds = best_seconds(backend, options.rounds, [&] { network->forward(run, 0, img, {}); });
    m.weight_bytes = backend.memory_use().weight_bytes;
    m.peak_activation_bytes = backend.memory_use().peak_activation_bytes;
  }
  measure_products(backend, products, options.rounds, m);
  m.flop = m.product_flop + attention_flop(config, m);
  return m;
}

DecodeMeasurement measure_decode(Backend& backend, std::int64_t side, int rounds) {
  const AutoEncoderConfig config;
  const auto network = random_network<AutoEncoder>(config, backend);
  const std::int64_t latent = side / config.downscale();
  const Tensor latents = random_tensor(backend, {latent, latent, config.z_channels});
  backend.reset_peak_memory();
  DecodeMeasurement m;
  m.seconds = best_seconds(backend, rounds, [&] { network->decode(latents, {}); });
  m.weight_bytes = backend.memory_use().weight_bytes;
  m.peak_activation_bytes = backend.memory_use().peak_activation_bytes;
  return m;
}

}  // namespace palimpsest
