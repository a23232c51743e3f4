#include "native/jobs/fair_queue.h"

#include <algorithm>
#include <utility>

namespace palimpsest {

void FairQueue::push(const std::string& client, std::string id) {
  for (Line& line : lines_) {
    if (line.client == client) return line.ids.push_back(std::move(id));
  }
  lines_.push_back({client, {std::move(id)}});
}

std::optional<std::string> FairQueue::pop() {
  if (lines_.empty()) return std::nullopt;
  Line line = std::move(lines_.front());
  lines_.pop_front();
  std::string id = std::move(line.ids.front());
  line.ids.pop_front();
  if (!line.ids.empty()) lines_.push_back(std::move(line));
  return id;
}

bool FairQueue::remove(const std::string& id) {
  for (auto line = lines_.begin(); line != lines_.end(); ++line) {
    const auto found = std::find(line->ids.begin(), line->ids.end(), id);
    if (found == line->ids.end()) continue;
    line->ids.erase(found);
    if (line->ids.empty()) lines_.erase(line);
    return true;
  }
  return false;
}

std::optional<std::size_t> FairQueue::position(const std::string& id) const {
  for (std::size_t turn = 0; turn < lines_.size(); ++turn) {
    const auto& ids = lines_[turn].ids;
    const auto rank = static_cast<std::size_t>(std::find(ids.begin(), ids.end(), id) - ids.begin());
    if (rank == ids.size()) continue;
    std::size_t before = 0;
    // A line ahead of this one has one turn more until then.
    for (std::size_t other = 0; other < lines_.size(); ++other) {
      before += std::min(lines_[other].ids.size(), rank + (other < turn ? 1 : 0));
    }
    return before;
  }
  return std::nullopt;
}

std::size_t FairQueue::size() const {
  std::size_t count = 0;
  for (const Line& line : lines_) count += line.ids.size();
  return count;
}

std::size_t FairQueue::size_of(const std::string& client) const {
  for (const Line& line : lines_) {
    if (line.client == client) return line.ids.size();
  }
  return 0;
}

}  // namespace palimpsest
