#include "shared/weights/source_views.h"

#include "shared/base/error.h"
#include "shared/base/utf8.h"

namespace palimpsest {

PrefixedSource::PrefixedSource(std::shared_ptr<const TensorSource> source, std::string prefix)
    : source_(std::move(source)), prefix_(std::move(prefix)) {}

const HostView* PrefixedSource::find(std::string_view name) const {
  return source_->find(prefix_ + std::string(name));
}

std::vector<std::string> PrefixedSource::names() const {
  std::vector<std::string> mine;
  for (std::string& name : source_->names()) {
    if (name.compare(0, prefix_.size(), prefix_) == 0) mine.push_back(name.substr(prefix_.size()));
  }
  return mine;
}

MergedSource::MergedSource(std::vector<std::shared_ptr<const TensorSource>> sources, std::string description)
    : sources_(std::move(sources)), description_(std::move(description)) {
  std::vector<const TensorSource*> owners;
  for (const auto& source : sources_) {
    for (std::string& name : source->names()) {
      names_.push_back(std::move(name));
      owners.push_back(source.get());
    }
  }
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const auto [first, is_new] = owner_.emplace(names_[i], owners[i]);
    if (!is_new)
      fail("MODEL_SHARD_MISMATCH", description_ + ": tensor \"" + printable(names_[i], 80) + "\" is both in " +
                                       first->second->description() + " and in " + owners[i]->description());
  }
}

const HostView* MergedSource::find(std::string_view name) const {
  const auto found = owner_.find(name);
  return found == owner_.end() ? nullptr : found->second->find(name);
}

std::vector<std::string> MergedSource::names() const {
  return names_;
}

}  // namespace palimpsest
