#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace palimpsest {

/// The values of the last few keys asked for; the one not used for longest makes room. Keys are compared whole, so that
/// no two can be taken for each other.
template <typename Key, typename Value>
class RecentValues {
 public:
  explicit RecentValues(std::size_t capacity) : capacity_(capacity) {}

  /// The value of `key`, from make() where it is not at hand; nothing is kept where make() throws.
  template <typename Make>
  std::shared_ptr<const Value> get(const Key& key, Make make) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.first == key; });
    if (found != entries_.end()) {
      std::rotate(entries_.begin(), found, found + 1);
      return entries_.front().second;
    }
    auto value = std::make_shared<const Value>(make());
    if (entries_.size() == capacity_) entries_.pop_back();
    entries_.insert(entries_.begin(), Entry(key, value));
    return value;
  }

 private:
  using Entry = std::pair<Key, std::shared_ptr<const Value>>;
  std::size_t capacity_;
  std::vector<Entry> entries_;  // the last used first
};

}  // namespace palimpsest
