#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// The part of another source whose names begin with a prefix, seen without it: one network of a file that holds
/// several.
class PrefixedSource final : public TensorSource {
 public:
  PrefixedSource(std::shared_ptr<const TensorSource> source, std::string prefix);

  const HostView* find(std::string_view name) const override;
  std::vector<std::string> names() const override;
  std::string description() const override { return source_->description(); }

 private:
  std::shared_ptr<const TensorSource> source_;
  std::string prefix_;
};

/// Several sources (the shards of one network) as one.
class MergedSource final : public TensorSource {
 public:
  /// Errors: `MODEL_SHARD_MISMATCH` for a name that two of them have.
  MergedSource(std::vector<std::shared_ptr<const TensorSource>> sources, std::string description);
  MergedSource(const MergedSource&) = delete;
  MergedSource& operator=(const MergedSource&) = delete;

  const HostView* find(std::string_view name) const override;
  std::vector<std::string> names() const override;
  std::string description() const override { return description_; }

 private:
  std::vector<std::shared_ptr<const TensorSource>> sources_;
  std::string description_;
  std::vector<std::string> names_;
  std::unordered_map<std::string_view, const TensorSource*> owner_;  // keys point into names_
};

}  // namespace palimpsest
