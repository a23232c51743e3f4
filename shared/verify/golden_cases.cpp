#include "shared/verify/golden_cases.h"

#include <cstring>

#include "shared/base/error.h"
#include "shared/weights/float_values.h"

namespace palimpsest {
namespace {

std::vector<std::int32_t> i32_values(const HostView& view, const std::string& what) {
  if (view.dtype != DType::i32) fail("MODEL_ARCH_MISMATCH", what + " must be i32");
  std::vector<std::int32_t> values(static_cast<std::size_t>(view.shape.element_count()));
  if (!values.empty()) std::memcpy(values.data(), view.bytes.data(), values.size() * sizeof(std::int32_t));
  return values;
}

}  // namespace

std::string GoldenCase::name() const {
  const std::string base = prefix_.empty() ? "case" : prefix_.substr(0, prefix_.size() - 1);
  return batch_index_ == 0 ? base : base + "/" + std::to_string(batch_index_);
}

const HostView& GoldenCase::view(const std::string& tensor) const {
  const HostView* found = source_.find(prefix_ + tensor);
  if (found == nullptr) fail("MODEL_TENSOR_MISSING", source_.description() + ": " + prefix_ + tensor + " is missing");
  return *found;
}

HostView GoldenCase::row(const std::string& tensor) const {
  return view(tensor).rows(batch_index_, 1);
}

Shape GoldenCase::shape(const std::string& tensor) const {
  const Shape& whole = view(tensor).shape;
  if (whole.rank() == 0) fail("MODEL_ARCH_MISMATCH", source_.description() + ": " + prefix_ + tensor + " has no batch");
  return Shape(whole.dims().subspan(1));
}

std::vector<float> GoldenCase::floats(const std::string& tensor) const {
  return float_values(row(tensor));
}

std::vector<std::int32_t> GoldenCase::integers(const std::string& tensor) const {
  return i32_values(row(tensor), prefix_ + tensor);
}

std::int64_t GoldenCase::single_integer(const std::string& tensor) const {
  const std::vector<std::int32_t> values = i32_values(view(tensor), prefix_ + tensor);
  if (values.size() != 1) fail("MODEL_ARCH_MISMATCH", prefix_ + tensor + " must have one value");
  return values[0];
}

std::vector<std::string> GoldenCase::names(const std::string& start) const {
  const std::string whole = prefix_ + start;
  std::vector<std::string> found;
  for (const std::string& name : source_.names()) {
    if (name.compare(0, whole.size(), whole) == 0) found.push_back(name.substr(whole.size()));
  }
  return found;
}

std::vector<GoldenCase> golden_cases(const TensorSource& source, const std::string& input) {
  std::vector<GoldenCase> cases;
  for (const std::string& name : source.names()) {
    if (name.size() < input.size() || name.substr(name.size() - input.size()) != input) continue;
    const std::string prefix = name.substr(0, name.size() - input.size());
    if (!prefix.empty() && prefix.back() != '.') continue;
    const Shape& shape = source.find(name)->shape;
    const std::int64_t batch = shape.rank() == 0 ? 0 : shape[0];
    for (std::int64_t i = 0; i < batch; ++i) cases.emplace_back(source, prefix, i);
  }
  if (cases.empty()) fail("MODEL_TENSOR_MISSING", source.description() + " has no case with " + input);
  return cases;
}

}  // namespace palimpsest
