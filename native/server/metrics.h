#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/server/request_log.h"

namespace palimpsest {

/// Counters, gauges and histograms, written in Prometheus' text format 0.0.4. Safe to use from several threads.
class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  /// A counter, to which `count` adds.
  void add_counter(std::string name, std::string help);
  /// A gauge or a counter kept elsewhere, asked whenever metrics are read.
  void add_gauge(std::string name, std::string help, std::function<double()> read);
  /// A histogram with buckets of 5 ms to 20 min, which `observe` fills.
  void add_duration(std::string name, std::string help);

  /// Errors: PalimpsestError `internal_error` for a name that was not added.
  void count(std::string_view name, const Labels& labels, double amount = 1);
  void observe(std::string_view name, const Labels& labels, double seconds);

  /// Counts one request under `palimpsest_http_requests_total`, `palimpsest_http_request_seconds` and the body bytes;
  /// their labels are the route's pattern, method and status, so that no client can make new ones.
  void count_request(const RequestLog& log);
  /// Adds what count_request counts.
  void add_http();

  std::string text() const;

 private:
  static constexpr std::array<double, 16> kBuckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                      2.5,   5,    10,    30,   60,  120,  300, 1200};
  struct Histogram {
    std::array<std::uint64_t, kBuckets.size() + 1> counts = {};
    double sum = 0;
  };
  struct Family {
    std::string name, help, type;
    std::function<double()> read;
    std::map<std::string, double> values;         // by labels as written
    std::map<std::string, Histogram> histograms;  // the same
  };

  Family& family(std::string_view name, std::string_view type);

  mutable std::mutex mutex_;
  std::vector<Family> families_;
};

}  // namespace palimpsest
