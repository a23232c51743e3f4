#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "native/backends/parallel.h"
#include "native/backends/registry.h"

namespace palimpsest {
namespace {

/// Workers sleep between runs; each run's tasks are taken one by one under the lock, since a task is worth far more.
class ThreadPool final : public Parallel {
 public:
  explicit ThreadPool(int threads) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
  }
  ~ThreadPool() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int thread_count() const override { return static_cast<int>(workers_.size()) + 1; }

  void run(std::int64_t task_count, const std::function<void(std::int64_t)>& task) override {
    std::unique_lock lock(mutex_);
    task_ = &task;
    next_ = 0;
    task_count_ = task_count;
    if (task_count > 1) changed_.notify_all();
    take_tasks(lock);
    changed_.wait(lock, [this] { return busy_ == 0; });
    if (const std::exception_ptr error = std::exchange(first_error_, nullptr)) std::rethrow_exception(error);
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return closing_ || next_ < task_count_; });
      if (closing_) return;
      take_tasks(lock);
      if (busy_ == 0) changed_.notify_all();
    }
  }

  /// Runs tasks until none is left to take; holds `lock` at entry and return.
  void take_tasks(std::unique_lock<std::mutex>& lock) {
    while (next_ < task_count_) {
      const std::int64_t index = next_++;
      ++busy_;
      lock.unlock();
      std::exception_ptr error;
      try {
        (*task_)(index);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      --busy_;
      if (!error) continue;
      if (!first_error_) first_error_ = error;
      next_ = task_count_;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void(std::int64_t)>* task_ = nullptr;
  std::int64_t next_ = 0, task_count_ = 0, busy_ = 0;
  std::exception_ptr first_error_;
  bool closing_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace

void let_waiting_threads_sleep(char**) {}  // std::thread's do

int available_processors() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::unique_ptr<Parallel> make_parallel(int threads) {
  return std::make_unique<ThreadPool>(threads);
}

}  // namespace palimpsest
