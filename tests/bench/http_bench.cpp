// What many idle event streams cost: bench_http [streams]. Prints the resident memory that they add, and the times of
// GET /health meanwhile (a kept connection, answers read one after the other).
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "native/server/router.h"
#include "tests/support/http_connection.h"

using namespace palimpsest;
using palimpsest::testing::HttpConnection;

namespace {

using Clock = std::chrono::steady_clock;

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

// Streams and connections take one descriptor each at either end.
void allow_descriptors() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<double> health_ms(std::uint16_t port, const std::string& host, int count) {
  HttpConnection connection(port);
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    connection.send("GET /health HTTP/1.1\r\n" + host);
    if (connection.read_response().status != 200) std::exit(1);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::sort(times.begin(), times.end());
  return times;
}

void print(const char* what, const std::vector<double>& times) {
  std::printf("%s: /health p50 %.2f ms, p99 %.2f ms, worst %.2f ms\n", what, times[times.size() / 2],
              times[times.size() * 99 / 100], times.back());
}

}  // namespace

int main(int count, char** arguments) {
  const int stream_count = count > 1 ? std::atoi(arguments[1]) : 1000;
  allow_descriptors();
  HttpServerOptions options;
  options.limits.heartbeat = std::chrono::milliseconds(1000);  // fifteen times what it is, to see what it costs
  HttpServer server(options);
  const auto access = AccessPolicy::create({.port = server.port()}).value_or_throw();
  Router router(*access);
  std::mutex mutex;
  std::vector<std::shared_ptr<SseStream>> streams;
  Route health;
  health.method = "GET";
  health.pattern = "/health";
  health.handler = [](const ExchangePtr& exchange) { exchange->respond({200}); };
  health.is_quick = true;
  router.add(health);
  Route events;
  events.method = "GET";
  events.pattern = "/v1/events";
  events.handler = [&](const ExchangePtr& exchange) {
    auto stream = exchange->start_events(AtShutdown::close);
    const std::lock_guard lock(mutex);
    streams.push_back(std::move(stream));
  };
  router.add(events);
  server.start(router);

  const std::string host = "Host: localhost:" + std::to_string(server.port()) + "\r\n\r\n";
  print("no streams", health_ms(server.port(), host, 200));
  const double before = resident_mb();
  std::vector<std::unique_ptr<HttpConnection>> clients;
  for (int i = 0; i < stream_count; ++i) {
    clients.push_back(std::make_unique<HttpConnection>(server.port()));
    clients.back()->send("GET /v1/events HTTP/1.1\r\n" + host);
    clients.back()->read_until("\r\n\r\n");
  }
  std::printf("%zu streams: %.1f MB more resident memory, clients' included\n", server.counts().event_streams,
              resident_mb() - before);
  print("with streams, a heartbeat a second each", health_ms(server.port(), host, 1000));
  std::printf("then %.1f MB more\n", resident_mb() - before);
  clients.clear();
  streams.clear();
}
