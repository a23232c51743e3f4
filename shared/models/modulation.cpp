#include "shared/models/modulation.h"

namespace palimpsest {

Modulation::Modulation(WeightLoader& weights, const std::string& name, std::int64_t hidden_size, std::int64_t sublayers)
    : lin_(weights.linear(name, hidden_size, {sublayers * 3 * hidden_size})) {}

Tensor Modulation::forward(Backend& backend, const Tensor& silu_vec) const {
  Tensor table = backend.allocate({silu_vec.shape()[0], lin_->out_features()}, DType::f32);
  backend.linear(silu_vec, *lin_, Activation::none, table, 0);
  return table;
}

ModulationOut modulation_at(const Tensor& table, std::size_t step, std::int64_t sublayer, std::int64_t hidden_size) {
  const Tensor row = table.rows(static_cast<std::int64_t>(step), 1);
  const Tensor parts = row.reshaped({row.shape()[1] / hidden_size, hidden_size});
  const auto part = [&](std::int64_t i) { return parts.rows(3 * sublayer + i, 1).reshaped({hidden_size}); };
  return {part(0), part(1), part(2)};
}

}  // namespace palimpsest
