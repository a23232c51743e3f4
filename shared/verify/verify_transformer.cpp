#include <algorithm>
#include <map>
#include <string>

#include "shared/models/flux_transformer.h"
#include "shared/verify/golden_cases.h"
#include "shared/verify/verify_networks.h"

namespace palimpsest {
namespace {

// Guidance sets the error: at strength 30 the fastest sinusoid turns 30,000 radians, which f32 resolves to 2e-3.
Tolerance tolerance_of(const Backend& backend, bool has_guidance, float guidance) {
  if (backend.compute_dtype() == DType::bf16) return {2.5e-2, 0};
  if (!has_guidance) return {2e-5, 1e-4};
  return guidance <= 10 ? Tolerance{1e-4, 1e-3} : Tolerance{1e-3, 5e-3};
}

/// One case, with its tokens split as the network takes them.
class TransformerCase {
 public:
  TransformerCase(const FluxTransformer& network, const GoldenCase& golden, Backend& backend)
      : network_(network), golden_(golden), backend_(backend), noise_(golden.single_integer("n_noise_tokens")) {}

  void run(std::vector<CheckResult>& results) {
    const Tensor img = upload("in.img"), noise = img.rows(0, noise_);
    const bool has_guidance = network_.config().guidance_embed;
    FluxConditioning conditioning;
    conditioning.txt = upload("in.txt");
    const std::vector<float> y = golden_.floats("in.y");
    conditioning.vec = backend_.upload(view_of(y, {1, static_cast<std::int64_t>(y.size())}), DType::f32);
    if (has_guidance) conditioning.guidance = golden_.floats("in.guidance").at(0);
    conditioning.timesteps = golden_.floats("in.timesteps");
    split_ids(conditioning);
    const std::int64_t references = img.shape()[0] - noise_;
    if (references > 0) conditioning.references = img.rows(noise_, references);

    const FluxTrace record = [&](const std::string& name, const Tensor& state) {
      states_[name] = backend_.to_host(state);
    };
    const FluxRun run = network_.prepare(conditioning, record);
    const Tensor out = network_.forward(run, 0, noise, {}, record);
    const Tolerance tolerance = tolerance_of(backend_, has_guidance, conditioning.guidance);
    compare_traces(run, tolerance, results);
    const std::vector<float> want = golden_.floats("out");
    const auto width = static_cast<std::size_t>(network_.config().out_channels);
    compare(golden_.name(), "out", backend_.to_host(out),
            std::span(want).first(std::min(want.size(), static_cast<std::size_t>(noise_) * width)), tolerance, results);
  }

 private:
  Tensor upload(const std::string& name) {
    const std::vector<float> values = golden_.floats(name);
    return backend_.upload(view_of(values, golden_.shape(name)), backend_.compute_dtype());
  }

  void split_ids(FluxConditioning& conditioning) const {
    const std::vector<float> ids = golden_.floats("in.img_ids");
    const auto cut =
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), 3 * static_cast<std::size_t>(noise_)));
    conditioning.noise_ids.assign(ids.begin(), cut);
    conditioning.reference_ids.assign(cut, ids.end());
  }

  // Golden rows are text, noise, references; the network's are text, references, noise.
  std::vector<float> in_network_order(std::vector<float> rows, std::int64_t text_tokens, std::int64_t tokens) const {
    const std::int64_t width = static_cast<std::int64_t>(rows.size()) / tokens;
    const auto at_token = [&](std::int64_t token) { return rows.begin() + static_cast<std::ptrdiff_t>(token * width); };
    std::rotate(at_token(text_tokens), at_token(text_tokens + noise_), rows.end());
    return rows;
  }

  void compare_traces(const FluxRun& run, const Tolerance& tolerance, std::vector<CheckResult>& results) const {
    const std::string last_block = "single_blocks." + std::to_string(network_.config().depth_single_blocks - 1);
    for (const std::string& name : golden_.names("trace.")) {
      const auto found = states_.find(name);
      if (found == states_.end()) continue;  // inputs of the network that it does not report
      std::span<const float> got = found->second;
      const bool is_text = name.find("txt") != std::string::npos, is_joint = name.find("single") == 0;
      std::vector<float> want = golden_.floats("trace." + name);
      if (!is_text && name != "vec" && want.size() == got.size()) {
        const std::int64_t pictures = run.reference_tokens + run.noise_tokens;
        want = in_network_order(std::move(want), is_joint ? run.text_tokens : 0,
                                is_joint ? run.text_tokens + pictures : pictures);
      }
      std::span<const float> wanted = want;
      if (name == last_block && want.size() == got.size()) {  // it computes the noise tokens only
        const std::size_t used =
            want.size() / static_cast<std::size_t>(run.pe.shape()[0]) * static_cast<std::size_t>(noise_);
        got = got.last(used);
        wanted = wanted.last(used);
      }
      compare(golden_.name(), name, got, wanted, tolerance, results);
    }
  }

  const FluxTransformer& network_;
  const GoldenCase& golden_;
  Backend& backend_;
  std::int64_t noise_;
  std::map<std::string, std::vector<float>> states_;
};

}  // namespace

std::vector<CheckResult> verify_transformer(const TensorSource& weights, const FluxConfig& config,
                                            const TensorSource& io, Backend& backend) {
  const auto network = load_network<FluxTransformer>(config, weights, backend);
  std::vector<CheckResult> results;
  for (const GoldenCase& golden : golden_cases(io, "in.img")) {
    TransformerCase(*network, golden, backend).run(results);
  }
  return results;
}

}  // namespace palimpsest
