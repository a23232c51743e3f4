#include "shared/models/weight_loader.h"

#include <algorithm>
#include <numeric>

#include "shared/base/error.h"
#include "shared/base/utf8.h"
#include "shared/weights/float_values.h"

namespace palimpsest {
namespace {

constexpr std::size_t kProblemsShown = 5;

std::int64_t sum_of(const std::vector<std::int64_t>& rows) {
  return std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
}

Shape with_rows(std::int64_t rows, const Shape& row_shape) {
  std::vector<std::int64_t> dims = {rows};
  dims.insert(dims.end(), row_shape.dims().begin(), row_shape.dims().end());
  return Shape(std::span<const std::int64_t>(dims));
}

bool is_float_weight(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

/// A linear layer may be stored as a 1x1 convolution.
bool same_but_for_kernel(const Shape& stored, const Shape& wanted) {
  if (stored == wanted) return true;
  return wanted.rank() == 2 && stored.rank() == 4 && stored[0] == wanted[0] && stored[1] == wanted[1] &&
         stored[2] == 1 && stored[3] == 1;
}

}  // namespace

std::vector<StoredPart> reference_names(std::string_view name) {
  return {{std::string(name)}};
}

WeightLoader::WeightLoader(const TensorSource& source, NameMap names) : source_(source), names_(std::move(names)) {}

WeightLoader::WeightLoader(const TensorSource& source, NameMap names, Backend& backend, LoadOptions options)
    : source_(source), names_(std::move(names)), backend_(&backend), options_(std::move(options)) {
  for (const std::string& name : source.names()) total_bytes_ += source.find(name)->bytes.size();
}

void WeightLoader::note(std::string_view code, const std::string& problem) {
  if (backend_ != nullptr) fail(code, source_.description() + ": " + problem);
  problems_.emplace_back(code, problem);
}

bool WeightLoader::fits(const HostView& view, const std::string& name, const Shape& shape) {
  if (!same_but_for_kernel(view.shape, shape)) {
    note("MODEL_ARCH_MISMATCH", name + " has the shape " + view.shape.to_string() + " instead of " + shape.to_string());
    return false;
  }
  if (!is_float_weight(view.dtype)) {
    note("MODEL_DTYPE_UNSUPPORTED",
         name + " is " + std::string(name_of(view.dtype)) + "; f32, f16 and bf16 are supported");
    return false;
  }
  return true;
}

// The tensor under the wanted shape; empty after a problem was noted.
HostView WeightLoader::require(const std::string& name, const Shape& shape) {
  if (backend_ == nullptr) wanted_.push_back({name, shape});
  const HostView* found = source_.find(name);
  if (found == nullptr) {
    note("MODEL_TENSOR_MISSING", name + " is missing");
    return {};
  }
  if (used_.insert(name).second) done_bytes_ += found->bytes.size();
  if (!fits(*found, name, shape)) return {};
  return {found->dtype, shape, found->bytes};
}

WeightLoader::Sections WeightLoader::sections(const std::string& name, const std::vector<std::int64_t>& rows,
                                              const Shape& row_shape) {
  const std::vector<StoredPart> parts = names_(name);
  Sections result;
  if (parts.size() == 1) {
    const HostView whole = require(parts[0].name, with_rows(sum_of(rows), row_shape));
    std::int64_t begin = 0;
    for (const std::int64_t count : rows) {
      if (!whole.bytes.empty()) result.push_back(whole.rows(begin, count));
      begin += count;
    }
    return result;
  }
  if (parts.size() != rows.size()) fail(codes::kInternal, "the name map splits " + name + " in another way", 500);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const HostView whole = require(parts[i].name, with_rows(rows[i] * parts[i].piece_count, row_shape));
    if (!whole.bytes.empty()) result.push_back(whole.rows(rows[i] * parts[i].piece, rows[i]));
  }
  return result;
}

void WeightLoader::report_progress() {
  options_.stop.check();
  if (options_.progress) options_.progress(done_bytes_, total_bytes_);
}

LinearWeightPtr WeightLoader::prepare(const Sections& weights, const Sections& biases) {
  if (backend_ == nullptr) return nullptr;
  LinearWeightPtr prepared = backend_->prepare_linear(weights, biases);
  report_progress();
  return prepared;
}

LinearWeightPtr WeightLoader::linear(const std::string& name, std::int64_t in_features,
                                     const std::vector<std::int64_t>& rows, Bias bias) {
  const Sections weights = sections(name + ".weight", rows, {in_features});
  return prepare(weights, bias == Bias::present ? sections(name + ".bias", rows, {}) : Sections{});
}

std::pair<LinearWeightPtr, LinearWeightPtr> WeightLoader::split_linear(const std::string& name,
                                                                       std::int64_t in_features,
                                                                       const std::vector<std::int64_t>& rows,
                                                                       std::size_t first_count) {
  const Sections weights = sections(name + ".weight", rows, {in_features});
  const Sections biases = sections(name + ".bias", rows, {});
  if (backend_ == nullptr) return {};
  const auto cut = static_cast<std::ptrdiff_t>(first_count);
  return {prepare({weights.begin(), weights.begin() + cut}, {biases.begin(), biases.begin() + cut}),
          prepare({weights.begin() + cut, weights.end()}, {biases.begin() + cut, biases.end()})};
}

LinearWeightPtr WeightLoader::stacked_linear(const std::vector<std::string>& names, std::int64_t in_features,
                                             std::int64_t rows, Bias bias) {
  Sections weights, biases;
  for (const std::string& name : names) {
    for (const HostView& part : sections(name + ".weight", {rows}, {in_features})) weights.push_back(part);
    if (bias == Bias::none) continue;
    for (const HostView& part : sections(name + ".bias", {rows}, {})) biases.push_back(part);
  }
  return prepare(weights, biases);
}

ConvWeightPtr WeightLoader::conv(const std::string& name, std::int64_t in_channels, std::int64_t out_channels,
                                 std::int64_t kernel) {
  const Sections weight = sections(name + ".weight", {out_channels}, {in_channels, kernel, kernel});
  const Sections bias = sections(name + ".bias", {out_channels}, {});
  if (backend_ == nullptr) return nullptr;
  ConvWeightPtr prepared = backend_->prepare_conv(weight[0], bias[0]);
  report_progress();
  return prepared;
}

Tensor WeightLoader::vector(const std::string& name, std::int64_t size) {
  const Sections values = sections(name, {size}, {});
  return backend_ == nullptr ? Tensor() : backend_->upload(values[0], DType::f32);
}

Tensor WeightLoader::table(const std::string& name, std::int64_t rows, std::int64_t columns) {
  const Sections values = sections(name, {rows}, {columns});
  if (backend_ == nullptr) return {};
  Tensor uploaded = backend_->upload(values[0], backend_->compute_dtype());
  report_progress();
  return uploaded;
}

std::vector<float> WeightLoader::host_values(const std::string& name, const Shape& shape) {
  const Sections found = sections(name, {shape[0]}, Shape(shape.dims().subspan(1)));
  if (backend_ == nullptr) return {};
  return float_values(found[0]);
}

void WeightLoader::finish(const std::function<bool(std::string_view)>& is_ignored) {
  for (const std::string& name : source_.names()) {
    if (used_.count(name) != 0 || is_ignored(name)) continue;
    note("MODEL_ARCH_MISMATCH", "\"" + printable(name, 100) + "\" belongs to no layer of this network");
  }
  if (problems_.empty()) return;
  std::string message = source_.description() + ": ";
  const std::size_t shown = std::min(problems_.size(), kProblemsShown);
  for (std::size_t i = 0; i < shown; ++i) message += (i == 0 ? "" : "; ") + problems_[i].second;
  if (problems_.size() > shown) message += "; and " + std::to_string(problems_.size() - shown) + " more";
  fail(problems_[0].first, message);
}

}  // namespace palimpsest
