#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace palimpsest {

/// Names that wait, each for a client. Clients take turns; one client's names leave in the order they came.
class FairQueue {
 public:
  void push(const std::string& client, std::string id);

  /// Takes the next name out; absent where none waits.
  std::optional<std::string> pop();

  /// Takes a name out of the middle; false where it does not wait.
  bool remove(const std::string& id);

  /// How many names leave before this one; absent where it does not wait.
  std::optional<std::size_t> position(const std::string& id) const;

  std::size_t size() const;
  std::size_t size_of(const std::string& client) const;

 private:
  struct Line {
    std::string client;
    std::deque<std::string> ids;  // never empty
  };

  std::deque<Line> lines_;  // the first is whose turn it is
};

}  // namespace palimpsest
