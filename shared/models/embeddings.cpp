#include "shared/models/embeddings.h"

#include <cstddef>

#include "shared/base/elementary.h"

namespace palimpsest {

std::vector<float> timestep_embedding(std::span<const float> values) {
  constexpr std::int64_t kHalf = kTimestepEmbeddingSize / 2;
  constexpr double kMaxPeriod = 10000;
  std::vector<float> result(values.size() * kTimestepEmbeddingSize);
  float* out = result.data();
  for (const float value : values) {
    const float scaled = 1000.0F * value;
    for (std::int64_t i = 0; i < kHalf; ++i) {
      const double frequency = exact_exp(-exact_log(kMaxPeriod) * static_cast<double>(i) / kHalf);
      const SinCos wave = exact_sin_cos(double{scaled} * frequency);
      // Trap: cosines come first, against the name "sinusoidal".
      out[i] = static_cast<float>(wave.cos);
      out[kHalf + i] = static_cast<float>(wave.sin);
    }
    out += kTimestepEmbeddingSize;
  }
  return result;
}

std::vector<float> embed_nd(std::span<const float> ids, std::span<const std::int64_t> axes_dim, double theta) {
  std::vector<double> frequencies;
  std::vector<std::size_t> axis_of_pair;
  for (std::size_t axis = 0; axis < axes_dim.size(); ++axis) {
    for (std::int64_t k = 0; k < axes_dim[axis] / 2; ++k) {
      frequencies.push_back(
          exact_exp(-exact_log(theta) * static_cast<double>(2 * k) / static_cast<double>(axes_dim[axis])));
      axis_of_pair.push_back(axis);
    }
  }
  std::vector<float> table;
  table.reserve(ids.size() / axes_dim.size() * frequencies.size() * 2);
  for (std::size_t token = 0; token < ids.size(); token += axes_dim.size()) {
    for (std::size_t pair = 0; pair < frequencies.size(); ++pair) {
      const SinCos turn = exact_sin_cos(double{ids[token + axis_of_pair[pair]]} * frequencies[pair]);
      table.push_back(static_cast<float>(turn.cos));
      table.push_back(static_cast<float>(turn.sin));
    }
  }
  return table;
}

MlpEmbedder::MlpEmbedder(WeightLoader& weights, const std::string& name, std::int64_t in_dim, std::int64_t hidden_dim)
    : in_layer_(weights.linear(name + ".in_layer", in_dim, {hidden_dim})),
      out_layer_(weights.linear(name + ".out_layer", hidden_dim, {hidden_dim})) {}

Tensor MlpEmbedder::forward(Backend& backend, const Tensor& x) const {
  Tensor hidden = backend.allocate({x.shape()[0], in_layer_->out_features()}, DType::f32);
  backend.linear(x, *in_layer_, Activation::silu, hidden, 0);
  Tensor out = backend.allocate({x.shape()[0], out_layer_->out_features()}, DType::f32);
  backend.linear(hidden, *out_layer_, Activation::none, out, 0);
  return out;
}

}  // namespace palimpsest
