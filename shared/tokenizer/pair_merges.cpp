#include "shared/tokenizer/pair_merges.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>

namespace palimpsest {

namespace {

// One word while its tokens are joined: a linked list over positions, and the joinable pairs ordered by rank.
class WordMerger {
 public:
  WordMerger(const PairMerges& merges, std::vector<std::int32_t>& word)
      : merges_(merges), tokens_(word), next_(word.size()), previous_(word.size()) {
    for (std::size_t i = 0; i < word.size(); ++i) {
      next_[i] = i + 1;
      previous_[i] = i == 0 ? kNone : i - 1;
    }
    for (std::size_t i = 0; i + 1 < word.size(); ++i) offer(i);
  }

  void run() {
    std::vector<Candidate> round;
    while (!candidates_.empty()) {
      // All places of one pair go before any pair that their merging brings about, even one of lower rank.
      round.clear();
      const std::int32_t rank = candidates_.top().rank;
      while (!candidates_.empty() && candidates_.top().rank == rank) {
        round.push_back(candidates_.top());
        candidates_.pop();
      }
      for (const Candidate& candidate : round) join(candidate);
    }
    keep_joined();
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  static constexpr std::int32_t kGone = -1;  // a position whose token was joined to one on its left

  struct Candidate {
    std::int32_t rank;
    std::size_t at;
    std::int32_t left, right, token;
    bool operator>(const Candidate& other) const { return std::tie(rank, at) > std::tie(other.rank, other.at); }
  };

  void offer(std::size_t at) {
    const std::int32_t left = tokens_[at], right = tokens_[next_[at]];
    if (const PairMerges::Merge* merge = merges_.find(left, right)) {
      candidates_.push({merge->rank, at, left, right, merge->token});
    }
  }

  void join(const Candidate& candidate) {
    const std::size_t at = candidate.at, after = next_[at];
    const bool stale = tokens_[at] != candidate.left || after == tokens_.size() || tokens_[after] != candidate.right;
    if (stale) return;
    tokens_[at] = candidate.token;
    tokens_[after] = kGone;
    next_[at] = next_[after];
    if (next_[at] != tokens_.size()) {
      previous_[next_[at]] = at;
      offer(at);
    }
    if (previous_[at] != kNone) offer(previous_[at]);
  }

  void keep_joined() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < tokens_.size(); i = next_[i]) tokens_[kept++] = tokens_[i];
    tokens_.resize(kept);
  }

  const PairMerges& merges_;
  std::vector<std::int32_t>& tokens_;
  std::vector<std::size_t> next_, previous_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
};

}  // namespace

bool PairMerges::add(std::int32_t left, std::int32_t right, std::int32_t merged) {
  return merges_.emplace(key(left, right), Merge{static_cast<std::int32_t>(merges_.size()), merged}).second;
}

const PairMerges::Merge* PairMerges::find(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void PairMerges::apply(std::vector<std::int32_t>& word) const {
  if (word.size() > 1) WordMerger(*this, word).run();
}

}  // namespace palimpsest
