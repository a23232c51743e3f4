#include "native/server/metrics.h"

#include <algorithm>

#include "shared/base/error.h"
#include "shared/base/json_number.h"

namespace palimpsest {
namespace {

constexpr const char* kRequests = "palimpsest_http_requests_total";
constexpr const char* kSeconds = "palimpsest_http_request_seconds";
constexpr const char* kReceived = "palimpsest_http_received_body_bytes_total";
constexpr const char* kSent = "palimpsest_http_sent_body_bytes_total";

std::string escaped(const std::string& value) {
  std::string result;
  for (const char c : value) {
    if (c == '\\' || c == '"') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

std::string written(const Metrics::Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : ",") + name + "=\"" + escaped(value) + "\"";
  return text;
}

std::string sample(const std::string& name, const std::string& labels, double value) {
  return name + (labels.empty() ? "" : "{" + labels + "}") + " " + json_number_text(value) + "\n";
}

// Methods that clients invent are one label.
std::string method_label(const std::string& method) {
  constexpr std::array<std::string_view, 7> kKnown = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::find(kKnown.begin(), kKnown.end(), method) == kKnown.end() ? "other" : method;
}

}  // namespace

void Metrics::add_counter(std::string name, std::string help) {
  const std::lock_guard lock(mutex_);
  families_.push_back({std::move(name), std::move(help), "counter", {}, {}, {}});
}

void Metrics::add_gauge(std::string name, std::string help, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  families_.push_back({std::move(name), std::move(help), "gauge", std::move(read), {}, {}});
}

void Metrics::add_duration(std::string name, std::string help) {
  const std::lock_guard lock(mutex_);
  families_.push_back({std::move(name), std::move(help), "histogram", {}, {}, {}});
}

Metrics::Family& Metrics::family(std::string_view name, std::string_view type) {
  for (Family& candidate : families_) {
    if (candidate.name == name && candidate.type == type) return candidate;
  }
  fail(codes::kInternal, "there is no " + std::string(type) + " " + std::string(name), 500);
}

void Metrics::count(std::string_view name, const Labels& labels, double amount) {
  const std::lock_guard lock(mutex_);
  family(name, "counter").values[written(labels)] += amount;
}

void Metrics::observe(std::string_view name, const Labels& labels, double seconds) {
  const std::lock_guard lock(mutex_);
  Histogram& histogram = family(name, "histogram").histograms[written(labels)];
  const auto bucket = std::lower_bound(kBuckets.begin(), kBuckets.end(), seconds) - kBuckets.begin();
  ++histogram.counts[static_cast<std::size_t>(bucket)];
  histogram.sum += seconds;
}

void Metrics::add_http() {
  add_counter(kRequests, "Requests answered");
  add_counter(kReceived, "Bytes of request bodies");
  add_counter(kSent, "Bytes of response bodies");
  add_duration(kSeconds, "Seconds from the end of a request's head to the end of its answer");
}

void Metrics::count_request(const RequestLog& log) {
  const std::string route = log.route.empty() ? "unknown" : log.route;
  count(kRequests, {{"route", route}, {"method", method_label(log.method)}, {"status", std::to_string(log.status)}});
  count(kReceived, {}, static_cast<double>(log.request_bytes));
  count(kSent, {}, static_cast<double>(log.response_bytes));
  observe(kSeconds, {{"route", route}}, log.seconds);
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const Family& family : families_) {
    text += "# HELP " + family.name + " " + family.help + "\n# TYPE " + family.name + " " + family.type + "\n";
    if (family.read) text += sample(family.name, "", family.read());
    for (const auto& [labels, value] : family.values) text += sample(family.name, labels, value);
    for (const auto& [labels, histogram] : family.histograms) {
      const std::string prefix = labels.empty() ? "" : labels + ",";
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        total += histogram.counts[i];
        const std::string bound = i < kBuckets.size() ? json_number_text(kBuckets[i]) : "+Inf";
        text += sample(family.name + "_bucket", prefix + "le=\"" + bound + "\"", static_cast<double>(total));
      }
      text += sample(family.name + "_sum", labels, histogram.sum);
      text += sample(family.name + "_count", labels, static_cast<double>(total));
    }
  }
  return text;
}

}  // namespace palimpsest
