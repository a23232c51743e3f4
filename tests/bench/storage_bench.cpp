// How many submissions a second the store acknowledges when each is synchronised to the disk, and how long one waits,
// for growing numbers of clients that submit one after the other; then how long a folder with many jobs takes to open.
//
//   bench_storage [FOLDER [JOBS]]   FOLDER: where to write, on the disk to be measured; it is deleted afterwards
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "native/storage/job_events.h"
#include "native/storage/job_store.h"
#include "native/storage/random_id.h"
#include "native/storage/storage.h"

using namespace palimpsest;
using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

NewJob some_job() {
  return {random_id(), "bench", R"({"model":"kontext-nano","prompt":"a red house by the sea","n":1,"seed":1})"};
}

void submit(DataStore& storage, const NewJob& job) {
  storage.write_and_wait([&](Database& database) {
    JobStore(database, storage.files()).submit(job, unix_now());
    JobEvents(database).append(job.id, {1, "queued", "{}"});
  });
}

void measure_submissions(DataStore& storage, int clients) {
  constexpr double kSeconds = 2;
  std::vector<std::vector<double>> waits(static_cast<std::size_t>(clients));
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (auto& own : waits) {
    threads.emplace_back([&] {
      while (seconds_since(start) < kSeconds) {
        const auto before = Clock::now();
        submit(storage, some_job());
        own.push_back(seconds_since(before));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = seconds_since(start);
  std::vector<double> all;
  for (const auto& own : waits) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) { return 1e3 * all[static_cast<std::size_t>(share * double(all.size() - 1))]; };
  fmt::print("{:4} clients: {:7.0f} submissions/s, wait p50 {:6.2f} ms, p99 {:6.2f} ms\n", clients,
             double(all.size()) / elapsed, at(0.5), at(0.99));
}

void measure_opening(const std::string& folder, int jobs) {
  {
    DataStore storage(folder);
    for (int done = 0; done < jobs;) {
      storage.write_and_wait([&](Database& database) {
        JobStore store(database, storage.files());
        for (int i = 0; i < 1'000 && done < jobs; ++i, ++done) store.submit(some_job(), unix_now());
      });
    }
  }
  const auto start = Clock::now();
  DataStore storage(folder);
  const double opened = seconds_since(start);
  const auto before = Clock::now();
  const auto page = storage.read(
      [&](Database& database) { return JobStore(database, storage.files()).list(std::nullopt, std::nullopt, 50); });
  fmt::print("a folder of {} more jobs opens in {:.3f} s; a page of {} is listed in {:.2f} ms\n", jobs, opened,
             page.size(), 1e3 * seconds_since(before));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "bench_storage_data";
  const int jobs = argc > 2 ? std::stoi(argv[2]) : 100'000;
  if (std::filesystem::exists(folder)) {
    fmt::print(stderr, "{} exists; name a folder that can be made and deleted\n", folder);
    return 2;
  }
  {
    DataStore storage(folder);
    for (const int clients : {1, 8, 32, 128}) measure_submissions(storage, clients);
  }
  measure_opening(folder, jobs);
  std::filesystem::remove_all(folder);
}
