#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// Views by name, for weights that come from no file. What they point to outlives the source.
class NamedViews final : public TensorSource {
 public:
  using Views = std::map<std::string, HostView, std::less<>>;

  NamedViews(Views views, std::string description) : views_(std::move(views)), description_(std::move(description)) {}

  const HostView* find(std::string_view name) const override {
    const auto found = views_.find(name);
    return found == views_.end() ? nullptr : &found->second;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, view] : views_) names.push_back(name);
    return names;
  }
  std::string description() const override { return description_; }

 private:
  Views views_;
  std::string description_;
};

}  // namespace palimpsest
