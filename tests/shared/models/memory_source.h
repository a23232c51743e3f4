// Checkpoints that a test makes up.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "shared/base/json.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest::testing {

/// Tensors added one by one; owns their f32 values.
class MemorySource final : public TensorSource {
 public:
  void add(const std::string& name, const Shape& shape, std::vector<float> values) {
    std::vector<float>& kept = values_[name] = std::move(values);
    views_[name] = view_of(kept, shape);
  }
  /// Without values: enough for checks.
  void add(const std::string& name, const Shape& shape, DType dtype) { views_[name] = {dtype, shape, {}}; }
  void remove(const std::string& name) { views_.erase(name); }

  const HostView* find(std::string_view name) const override {
    const auto found = views_.find(name);
    return found == views_.end() ? nullptr : &found->second;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, view] : views_) result.push_back(name);
    return result;
  }
  std::string description() const override { return "made-up.safetensors"; }

 private:
  std::map<std::string, std::vector<float>> values_;
  std::map<std::string, HostView, std::less<>> views_;
};

/// Shapes of a published checkpoint: a member of names_real.json.
inline MemorySource published_checkpoint(const Json& names) {
  MemorySource source;
  for (const auto& [name, dims] : *names.as_object()) {
    std::vector<std::int64_t> shape;
    for (const Json& dim : *dims.as_array()) {
      std::int64_t value = 0;
      dim.to_int64(value);
      shape.push_back(value);
    }
    source.add(name, Shape(std::span<const std::int64_t>(shape)), DType::bf16);
  }
  return source;
}

}  // namespace palimpsest::testing
