// shared/models: the networks of FLUX.1, written once against Backend and named after the published reference.
// Included by shared/pipeline, shared/verify and native; includes shared/base, tensor and weights.
// Start with flux_transformer.h; this header is how every network gets its weights.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/stop_token.h"
#include "shared/tensor/backend.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// A run of rows in a checkpoint: piece `piece` of the `piece_count` equal ones that the tensor `name` is cut into.
struct StoredPart {
  std::string name;
  int piece = 0;
  int piece_count = 1;
};

/// From a tensor's name in the reference to where a checkpoint keeps it: one part as a rule, several where the
/// checkpoint has the rows of a layer in tensors of their own.
using NameMap = std::function<std::vector<StoredPart>(std::string_view name)>;

/// For checkpoints that are spelled like the reference.
std::vector<StoredPart> reference_names(std::string_view name);

/// A tensor as a network asks for it.
struct WantedTensor {
  std::string name;
  Shape shape;
};

/// Called with bytes done and bytes in all.
using LoadProgress = std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)>;

struct LoadOptions {
  LoadProgress progress = {};
  StopToken stop = {};
};

/// Hands the tensors of a checkpoint to the constructors of a network, which thereby are the one place that knows
/// their names and shapes. Without a backend it only checks: every getter notes what is missing, mis-shaped or of an
/// unsupported dtype and returns nothing, and finish() reports. With a backend it prepares and uploads.
class WeightLoader {
 public:
  enum class Bias { none, present };

  /// Checks only.
  WeightLoader(const TensorSource& source, NameMap names);
  /// Loads. Every getter throws on the first problem, and `cancelled` once options.stop is set.
  WeightLoader(const TensorSource& source, NameMap names, Backend& backend, LoadOptions options);

  /// Weight [sum of rows, in_features] (also as a 1x1 convolution) and bias of layer `name`. `rows` are the parts that
  /// some checkpoints keep in tensors of their own: q, k, v.
  LinearWeightPtr linear(const std::string& name, std::int64_t in_features, const std::vector<std::int64_t>& rows,
                         Bias bias = Bias::present);
  /// The same layer as two, which compute its first `first_count` parts and the rest.
  std::pair<LinearWeightPtr, LinearWeightPtr> split_linear(const std::string& name, std::int64_t in_features,
                                                           const std::vector<std::int64_t>& rows,
                                                           std::size_t first_count);
  /// Several layers of `rows` outputs each as one that computes all of them.
  LinearWeightPtr stacked_linear(const std::vector<std::string>& names, std::int64_t in_features, std::int64_t rows,
                                 Bias bias);
  /// Weight [out, in, kernel, kernel] and bias of a convolution.
  ConvWeightPtr conv(const std::string& name, std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel);
  /// f32 [size], by its full name.
  Tensor vector(const std::string& name, std::int64_t size);
  /// [rows, columns] in the compute dtype, by its full name.
  Tensor table(const std::string& name, std::int64_t rows, std::int64_t columns);
  /// f32 values for host code, by its full name; empty when only checking.
  std::vector<float> host_values(const std::string& name, const Shape& shape);

  /// Ends a check. Throws `MODEL_TENSOR_MISSING`, `MODEL_ARCH_MISMATCH` (a wrong shape, or a tensor that the network
  /// does not know and `is_ignored` does not let pass) or `MODEL_DTYPE_UNSUPPORTED`, with the first five problems.
  void finish(const std::function<bool(std::string_view)>& is_ignored);

  /// What was asked for so far, when only checking.
  const std::vector<WantedTensor>& wanted() const { return wanted_; }

  /// Where the network will run; nullptr when only checking.
  Backend* backend() const { return backend_; }

 private:
  using Sections = std::vector<HostView>;

  void note(std::string_view code, const std::string& problem);
  bool fits(const HostView& view, const std::string& name, const Shape& shape);
  HostView require(const std::string& name, const Shape& shape);
  Sections sections(const std::string& name, const std::vector<std::int64_t>& rows, const Shape& row_shape);
  LinearWeightPtr prepare(const Sections& weights, const Sections& biases);
  void report_progress();

  const TensorSource& source_;
  NameMap names_;
  Backend* backend_ = nullptr;
  LoadOptions options_;
  std::set<std::string, std::less<>> used_;
  std::vector<std::pair<std::string, std::string>> problems_;  // code, text
  std::vector<WantedTensor> wanted_;
  std::uint64_t done_bytes_ = 0, total_bytes_ = 0;
};

/// Holds the names, shapes and dtypes of `source` to the network that `config` describes; nothing is loaded.
/// Errors: as WeightLoader::finish.
template <typename Network, typename Config>
void check_network(const Config& config, const TensorSource& source) {
  WeightLoader loader(source, Network::name_map(config, source));
  Network(config, loader);
  loader.finish(Network::is_ignored);
}

/// Checks, then loads. The source may go away afterwards. Errors: as check_network, `cancelled`, `out_of_memory`.
template <typename Network, typename Config>
std::unique_ptr<Network> load_network(const Config& config, const TensorSource& source, Backend& backend,
                                      const LoadOptions& options = {}) {
  check_network<Network>(config, source);
  WeightLoader loader(source, Network::name_map(config, source), backend, options);
  return std::make_unique<Network>(config, loader);
}

}  // namespace palimpsest
