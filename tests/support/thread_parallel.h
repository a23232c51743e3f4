#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "shared/tensor/parallel.h"

namespace palimpsest::testing {

/// Parallel on threads made for each call: slow to start, and nothing to configure. Tasks must not throw.
class ThreadParallel final : public Parallel {
 public:
  explicit ThreadParallel(int threads) : threads_(threads) {}
  int thread_count() const override { return threads_; }
  void run(std::int64_t task_count, const std::function<void(std::int64_t)>& task) override {
    std::atomic<std::int64_t> next{0};
    const auto work = [&] {
      for (std::int64_t i = next++; i < task_count; i = next++) task(i);
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads_; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  }

 private:
  int threads_;
};

}  // namespace palimpsest::testing
