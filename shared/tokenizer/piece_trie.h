#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace palimpsest {

/// A set of byte strings with ids, for finding all of them that a text begins with in one walk.
/// The children of a node lie side by side in the order of their bytes; about 12 bytes a node.
class PieceTrie {
 public:
  using Entry = std::pair<std::string_view, std::int32_t>;

  PieceTrie() = default;
  /// The entries in any order; the strings must be different and not empty.
  explicit PieceTrie(std::vector<Entry> entries);

  /// Calls visit(length, id) for each entry that `text` begins with, shortest first.
  template <typename Visit>
  void for_each_prefix(std::string_view text, Visit visit) const {
    std::uint32_t node = 0;
    for (std::size_t length = 1; length <= text.size(); ++length) {
      node = child(node, static_cast<unsigned char>(text[length - 1]));
      if (node == kNoNode) return;
      if (nodes_[node].id >= 0) visit(length, nodes_[node].id);
    }
  }

 private:
  static constexpr std::uint32_t kNoNode = 0;  // the root is nobody's child

  struct Node {
    std::uint32_t first_child = 0;
    std::uint16_t child_count = 0;  // up to 256
    unsigned char byte = 0;
    std::int32_t id = -1;
  };

  std::uint32_t child(std::uint32_t node, unsigned char byte) const;

  std::vector<Node> nodes_ = {Node{}};
};

}  // namespace palimpsest
