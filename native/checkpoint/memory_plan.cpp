#include "native/checkpoint/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kPixelsPerToken = 16;  // along a side: the AutoEncoder halves three times, patches are 2 x 2

std::uint64_t tokens_of(std::int64_t width, std::int64_t height) {
  return static_cast<std::uint64_t>((width / kPixelsPerToken) * (height / kPixelsPerToken));
}

std::uint64_t text_encoder_values(const ModelDims& model) {
  return static_cast<std::uint64_t>(model.text_tokens * (6 * model.t5_size + 3 * model.t5_mlp_size));
}

std::uint64_t transformer_values(const ModelDims& model, const RunSize& run) {
  const std::uint64_t tokens = static_cast<std::uint64_t>(model.text_tokens) + tokens_of(run.width, run.height) +
                               tokens_of(run.reference_width, run.reference_height);
  // Residual, norm, output: 3; q, k, v as produced and as rotated: 6; joint input of the last product: 1 + MLP.
  return tokens * static_cast<std::uint64_t>(10 * model.hidden_size + 2 * model.mlp_size);
}

std::uint64_t autoencoder_values(const ModelDims& model, const RunSize& run) {
  const std::int64_t pixels = std::max(run.width * run.height, run.reference_width * run.reference_height);
  return static_cast<std::uint64_t>(3 * model.decoder_channels * pixels);
}

std::string gigabytes(std::uint64_t bytes) {
  const double giga = static_cast<double>(bytes) / 1e9;
  return giga < 0.1 ? fmt::format("{:.1f} MB", giga * 1e3) : fmt::format("{:.1f} GB", giga);
}

/// `run` with its picture scaled down to about `side` pixels of width; the reference stays.
RunSize at_width(const RunSize& run, std::int64_t width) {
  RunSize smaller = run;
  smaller.width = width;
  const double height = static_cast<double>(width) * static_cast<double>(run.height) / static_cast<double>(run.width);
  smaller.height = std::max(kPixelsPerToken, std::lround(height / kPixelsPerToken) * kPixelsPerToken);
  return smaller;
}

/// The largest picture of the same proportions that fits; 0 x 0 where none does.
RunSize largest_fitting(const ModelDims& model, const RunSize& run, std::uint64_t available) {
  for (std::int64_t width = run.width / kPixelsPerToken * kPixelsPerToken; width > 0; width -= kPixelsPerToken) {
    const RunSize candidate = at_width(run, width);
    if (plan_memory(model, candidate).total() <= available) return candidate;
  }
  return {};
}

}  // namespace

MemoryPlan plan_memory(const ModelDims& model, const RunSize& run) {
  const auto value_bytes = static_cast<std::uint64_t>(model.dtype_bytes);
  const std::uint64_t values =
      std::max({text_encoder_values(model), transformer_values(model, run), autoencoder_values(model, run)});
  return {model.parameters * value_bytes, values * value_bytes};
}

void check_memory(const ModelDims& model, const RunSize& run, std::uint64_t available_bytes) {
  const MemoryPlan plan = plan_memory(model, run);
  if (plan.total() <= available_bytes) return;
  const std::string available = gigabytes(available_bytes) + " are available";
  if (plan.weights > available_bytes)
    fail(codes::kOutOfMemory,
         "not enough memory: the model's weights need " + gigabytes(plan.weights) + " and " + available, 507);
  std::string message = fmt::format("not enough memory: {} x {} needs {} ({} of it for the model's weights) and {}",
                                    run.width, run.height, gigabytes(plan.total()), gigabytes(plan.weights), available);
  const RunSize fitting = largest_fitting(model, run, available_bytes);
  message += fitting.width == 0 ? "; no smaller size fits"
                                : fmt::format("; the largest size that fits is {} x {}", fitting.width, fitting.height);
  fail(codes::kOutOfMemory, message, 507);
}

}  // namespace palimpsest
