#include "native/server/metrics.h"

#include <doctest/doctest.h>

#include "shared/base/error.h"

using namespace palimpsest;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

RequestLog request(const char* route, int status, double seconds) {
  RequestLog log;
  log.method = "GET";
  log.route = route;
  log.status = status;
  log.response_bytes = 10;
  log.seconds = seconds;
  return log;
}

}  // namespace

TEST_CASE("requests are counted by route, method and status, and their times in buckets") {
  Metrics metrics;
  metrics.add_http();
  metrics.count_request(request("/health", 200, 0.005));
  metrics.count_request(request("/health", 200, 0.0051));
  metrics.count_request(request("", 404, 5000));
  const std::string text = metrics.text();
  CHECK(has_line(text, "# TYPE palimpsest_http_requests_total counter"));
  CHECK(has_line(text, "palimpsest_http_requests_total{route=\"/health\",method=\"GET\",status=\"200\"} 2.0"));
  CHECK(has_line(text, "palimpsest_http_requests_total{route=\"unknown\",method=\"GET\",status=\"404\"} 1.0"));
  CHECK(has_line(text, "palimpsest_http_sent_body_bytes_total 30.0"));
  CHECK(has_line(text, "# TYPE palimpsest_http_request_seconds histogram"));
  CHECK(has_line(text, "palimpsest_http_request_seconds_bucket{route=\"/health\",le=\"0.005\"} 1.0"));
  CHECK(has_line(text, "palimpsest_http_request_seconds_bucket{route=\"/health\",le=\"0.01\"} 2.0"));
  CHECK(has_line(text, "palimpsest_http_request_seconds_bucket{route=\"unknown\",le=\"1200.0\"} 0.0"));
  CHECK(has_line(text, "palimpsest_http_request_seconds_bucket{route=\"unknown\",le=\"+Inf\"} 1.0"));
  CHECK(has_line(text, "palimpsest_http_request_seconds_count{route=\"/health\"} 2.0"));
}

TEST_CASE("gauges are asked when metrics are read, and clients' words are escaped") {
  Metrics metrics;
  double jobs = 1;
  metrics.add_gauge("palimpsest_jobs", "Jobs", [&] { return jobs; });
  metrics.add_counter("palimpsest_words_total", "Words");
  jobs = 3;
  metrics.count("palimpsest_words_total", {{"word", "a\"b\\c\nd"}});
  const std::string text = metrics.text();
  CHECK(has_line(text, "palimpsest_jobs 3.0"));
  CHECK(has_line(text, "palimpsest_words_total{word=\"a\\\"b\\\\c d\"} 1.0"));
  CHECK_THROWS_AS(metrics.count("palimpsest_nothing", {}), PalimpsestError);
}

TEST_CASE("methods that clients invent share one label") {
  Metrics metrics;
  metrics.add_http();
  RequestLog log = request("/health", 405, 0);
  log.method = "BREW";
  metrics.count_request(log);
  CHECK(metrics.text().find("BREW") == std::string::npos);
}
