#include "shared/tokenizer/piece_trie.h"

#include <algorithm>

namespace palimpsest {

PieceTrie::PieceTrie(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end());
  // Breadth first: the entries [begin, end) share the bytes on the way to their node.
  struct Pending {
    std::size_t begin, end;
  };
  std::vector<Pending> level = {{0, entries.size()}}, next_level;
  std::uint32_t node = 0;
  for (std::size_t depth = 0; !level.empty(); ++depth) {
    for (const Pending& pending : level) {
      std::size_t at = pending.begin;
      // Sorted, the string that ends here comes before those that go on.
      if (at < pending.end && entries[at].first.size() == depth) nodes_[node].id = entries[at++].second;
      nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
      while (at < pending.end) {
        const char byte = entries[at].first[depth];
        const std::size_t begin = at;
        while (at < pending.end && entries[at].first[depth] == byte) ++at;
        nodes_.push_back({.byte = static_cast<unsigned char>(byte)});
        ++nodes_[node].child_count;
        next_level.push_back({begin, at});
      }
      ++node;
    }
    level.swap(next_level);
    next_level.clear();
  }
}

std::uint32_t PieceTrie::child(std::uint32_t node, unsigned char byte) const {
  const auto begin = nodes_.begin() + nodes_[node].first_child;
  const auto end = begin + nodes_[node].child_count;
  const auto found = std::lower_bound(begin, end, byte, [](const Node& n, unsigned char b) { return n.byte < b; });
  return found != end && found->byte == byte ? static_cast<std::uint32_t>(found - nodes_.begin()) : kNoNode;
}

}  // namespace palimpsest
