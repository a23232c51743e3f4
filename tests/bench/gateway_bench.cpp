// What a request costs apart from the model: the whole server over real sockets, with an engine that hands out a
// finished file at once.
//
//   bench_gateway [FOLDER [REQUESTS]]   FOLDER: where to write, on the disk to be measured; it is deleted afterwards
//
// First the time from sending a request to the end of its answer, less the time inside of the engine, for a photo-like
// PNG of 1024x1024 that is another file each time; then the resident memory over many requests (10,000) for small
// pictures.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "native/imaging/allocation.h"
#include "native/imaging/encode.h"
#include "native/server/application.h"
#include "tests/support/http_connection.h"

using namespace palimpsest;
using palimpsest::testing::HttpConnection;
using palimpsest::testing::RawResponse;
using Clock = std::chrono::steady_clock;

namespace {

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

/// Soft shapes with a little noise, as a photograph has.
std::string photo_like_png(int side) {
  Image image({side, side}, 3);
  std::uint32_t noise = 1;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    noise = noise * 1664525u + 1013904223u;
    const auto x = static_cast<double>(i / 3 % static_cast<std::size_t>(side));
    const auto y = static_cast<double>(i / 3 / static_cast<std::size_t>(side));
    image.pixels[i] = static_cast<std::uint8_t>(128 + 100 * std::sin(x / 90) * std::cos(y / 70) + (noise >> 29));
  }
  return encode_image(image);
}

/// The file that the stub hands out, and how long it took last.
struct Stub {
  std::string png;
  ImageSize size;
  std::atomic<std::uint64_t> runs{0};
  std::atomic<double> last_ms{0};
};

class StubEngine final : public PictureEngine {
 public:
  explicit StubEngine(Stub& stub) : stub_(stub) {}

  JobResult run(const JobRequest&, const JobProgressCallback&, const StopToken&) override {
    const auto start = Clock::now();
    JobResult result;
    result.model = "kontext-nano";
    std::string bytes = stub_.png;
    // Another file each time, or the store would keep one for all. Nobody decodes it.
    const std::string number = std::to_string(1'000'000'000 + ++stub_.runs);
    bytes.replace(bytes.size() / 2, number.size(), number);
    result.pictures.push_back({{std::move(bytes), "image/png", stub_.size}, 1});
    stub_.last_ms = milliseconds_since(start);
    return result;
  }

 private:
  Stub& stub_;
};

std::string request(std::uint16_t port, const std::string& format) {
  const std::string body = R"({"model":"kontext-nano","prompt":"a red house","response_format":")" + format + "\"}";
  return fmt::format(
      "POST /v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      port, body.size(), body);
}

/// Sends requests one after the other, on connections that are kept as long as the server keeps them.
class Client {
 public:
  explicit Client(std::uint16_t port) : port_(port) { reconnect(); }

  RawResponse ask(const std::string& format) {
    connection_->send(request(port_, format));
    RawResponse response = connection_->read_response();
    if (response.status != 200) {
      fmt::print(stderr, "answered with {}: {}\n", response.status, response.body.substr(0, 300));
      std::exit(1);
    }
    if (response.header("connection") == "close") reconnect();
    return response;
  }

 private:
  void reconnect() { connection_ = std::make_unique<HttpConnection>(port_); }

  std::uint16_t port_;
  std::unique_ptr<HttpConnection> connection_;
};

void measure_overhead(Application& app, Stub& stub, const std::string& format) {
  constexpr int kRequests = 300;
  Client client(app.port());
  std::vector<double> times;
  for (int i = 0; i < kRequests; ++i) {
    const auto start = Clock::now();
    client.ask(format);
    times.push_back(milliseconds_since(start) - stub.last_ms);
  }
  std::sort(times.begin(), times.end());
  fmt::print("{:8}  p50 {:6.2f} ms, p90 {:6.2f} ms, p99 {:6.2f} ms\n", format, times[kRequests / 2],
             times[kRequests * 9 / 10], times[kRequests * 99 / 100]);
}

void measure_memory(Application& app, int requests) {
  Client client(app.port());
  const int warm_up = requests / 10;
  for (int i = 0; i < warm_up; ++i) client.ask("url");
  const double warm = resident_mb();
  for (int i = 0; i < requests; ++i) client.ask("url");
  fmt::print("{:.1f} MB resident after {} requests, {:.1f} MB after {} more\n", warm, warm_up, resident_mb(), requests);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "bench_gateway_data";
  const int requests = argc > 2 ? std::stoi(argv[2]) : 10'000;
  if (std::filesystem::exists(folder)) {
    fmt::print(stderr, "{} exists; name a folder that can be made and deleted\n", folder);
    return 2;
  }
  keep_freed_memory();  // as the program does
  Stub stub;
  AppOptions options;
  options.data_folder = folder;
  options.checkpoints.push_back({"kontext-nano", {}, true});
  {
    Application app(options, [&stub](const LocalModels&, const CheckpointLoaded&, const StopToken&) {
      return std::make_unique<StubEngine>(stub);
    });
    while (app.state().worker.state() == InferenceWorker::State::loading) ::usleep(1'000);
    stub.size = {1024, 1024};
    stub.png = photo_like_png(1024);
    fmt::print("a PNG of 1024x1024 with {} bytes, one request after the other:\n", stub.png.size());
    for (const char* format : {"url", "b64_json", "url", "b64_json"}) measure_overhead(app, stub, format);
    stub.size = {64, 64};
    stub.png = photo_like_png(64);
    measure_memory(app, requests);
  }
  std::filesystem::remove_all(folder);
}
