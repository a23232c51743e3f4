#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/weights/tensor_source.h"

namespace palimpsest::testing {

/// A source of empty tensors with given names.
class NamedTensors final : public TensorSource {
 public:
  NamedTensors(std::string description, std::vector<std::string> names)
      : description_(std::move(description)), names_(std::move(names)) {
    for (const std::string& name : names_) views_[name] = HostView{};
  }

  const HostView* find(std::string_view name) const override {
    const auto found = views_.find(name);
    return found == views_.end() ? nullptr : &found->second;
  }
  std::vector<std::string> names() const override { return names_; }
  std::string description() const override { return description_; }

 private:
  std::string description_;
  std::vector<std::string> names_;
  std::map<std::string, HostView, std::less<>> views_;
};

}  // namespace palimpsest::testing
