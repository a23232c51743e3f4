#include "tests/native/server/app_under_test.h"

#include <chrono>
#include <thread>
#include <utility>

#include "native/imaging/encode.h"
#include "native/jobs/generation_job.h"
#include "shared/image/base64.h"

namespace palimpsest::testing {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr int kSteps = 4, kSide = 64;

Image square(std::uint8_t shade) {
  Image image({kSide, kSide}, 3);
  for (std::uint8_t& sample : image.pixels) sample = shade;
  return image;
}

class StubEngine final : public PictureEngine {
 public:
  explicit StubEngine(EngineControl& control) : control_(control) {}

  JobResult run(const JobRequest& request, const JobProgressCallback& progress, const StopToken& stop) override {
    const GenerationJob job = parse_generation_job(request.request, built_in_catalog());
    const ImageRequest& image = job.request.image;
    control_.begin(image.prompt, stop);
    stop.check();
    if (image.prompt == "too large") {
      throw PalimpsestError({"out_of_memory", "2048x2048 needs 9 GiB, 4 GiB are free; at most 1024x1024", "size", 507});
    }
    if (image.prompt == "broken") fail(codes::kInternal, "a value is not finite", 500);
    JobResult result;
    result.model = job.checkpoint;
    result.size_plan = "drawn at 64x64";
    result.warnings = {"cfg_scale has no effect: a stub"};
    result.usage = Usage{5, 6, 7};
    const std::uint64_t seed = image.seed.value_or(42);
    EncodeOptions encoding;
    encoding.format = parse_image_format(job.request.output_format).value();
    for (std::int64_t i = 0; i < image.n; ++i) {
      for (int step = 1; step <= kSteps; ++step) report(progress, job, static_cast<int>(i), step);
      const std::uint64_t own = seed + static_cast<std::uint64_t>(i);
      result.pictures.push_back({{encode_image(square(static_cast<std::uint8_t>(own)), encoding),
                                  std::string(media_type_of(encoding.format)),
                                  {kSide, kSide}},
                                 own});
    }
    return result;
  }

 private:
  static void report(const JobProgressCallback& progress, const GenerationJob& job, int picture, int step) {
    JobProgress now;
    now.phase = "denoise";
    now.step = picture * kSteps + step;
    now.steps = kSteps * static_cast<int>(job.request.image.n);
    if (step <= job.request.partial_images) now.preview = square(100);
    progress(std::move(now));
  }

  EngineControl& control_;
};

}  // namespace

void EngineControl::begin(const std::string& prompt, const StopToken& stop) {
  std::unique_lock lock(mutex_);
  ++runs_;
  changed_.notify_all();
  while (prompt == "wait" && !is_released_ && !stop.stop_requested()) {
    changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
  if (stop.stop_requested()) ++stops_;
  changed_.notify_all();
}

bool EngineControl::wait(const int& counter, int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return counter >= count; });
}

bool EngineControl::wait_for_runs(int count) {
  return wait(runs_, count);
}

bool EngineControl::wait_for_stops(int count) {
  return wait(stops_, count);
}

int EngineControl::runs() {
  const std::lock_guard lock(mutex_);
  return runs_;
}

void EngineControl::release() {
  const std::lock_guard lock(mutex_);
  is_released_ = true;
  changed_.notify_all();
}

void EngineControl::hold_loading() {
  const std::lock_guard lock(mutex_);
  may_load_ = false;
}

void EngineControl::finish_loading() {
  const std::lock_guard lock(mutex_);
  may_load_ = true;
  changed_.notify_all();
}

void EngineControl::wait_until_loading_may_finish(const StopToken& stop) {
  std::unique_lock lock(mutex_);
  while (!may_load_ && !stop.stop_requested()) changed_.wait_for(lock, std::chrono::milliseconds(5));
}

AppUnderTest::AppUnderTest(AppOptions options, std::vector<std::string> models) : options_(std::move(options)) {
  options_.data_folder = data_.path("data");
  options_.version = "1.2.3";
  options_.http.handler_threads = 2;
  for (std::string& name : models) {
    const bool is_builtin = name == "kontext-nano";
    if (name == "held") engine.hold_loading();
    options_.checkpoints.push_back({std::move(name), {}, is_builtin});
  }
  open();
}

AppUnderTest::~AppUnderTest() = default;

void AppUnderTest::open() {
  app_ = std::make_unique<Application>(
      options_, [this](const LocalModels& models, const CheckpointLoaded& on_loaded, const StopToken& stop) {
        engine.wait_until_loading_may_finish(stop);
        stop.check();
        if (models.main().name == "damaged") fail("MODEL_TRUNCATED", "the file ends early");
        on_loaded({models.main().name, ImageSize{kSide, kSide}});
        return std::make_unique<StubEngine>(engine);
      });
  const auto until = std::chrono::steady_clock::now() + kPatience;
  const bool is_held = options_.checkpoints.front().name == "held";
  while (!is_held && state().worker.state() == InferenceWorker::State::loading &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void AppUnderTest::restart() {
  app_.reset();
  open();
}

std::string AppUnderTest::request(const std::string& line, const std::string& headers, const std::string& body) const {
  const bool is_typed = headers.find("Content-Type") != std::string::npos;
  return line + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) + "\r\n" + headers +
         (body.empty() || is_typed ? "" : "Content-Type: application/json\r\n") +
         (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body;
}

RawResponse AppUnderTest::get(const std::string& path, const std::string& headers) const {
  return ask(port(), request("GET " + path, headers));
}

RawResponse AppUnderTest::head(const std::string& path, const std::string& headers) const {
  return ask(port(), request("HEAD " + path, headers), true);
}

RawResponse AppUnderTest::remove(const std::string& path) const {
  return ask(port(), request("DELETE " + path));
}

RawResponse AppUnderTest::post(const std::string& path, const std::string& json, const std::string& headers) const {
  return ask(port(), request("POST " + path, headers, json));
}

RawResponse AppUnderTest::post_form(const std::string& path,
                                    const std::vector<std::pair<std::string, std::string>>& fields,
                                    const std::string& image) const {
  std::string body;
  for (const auto& [name, value] : fields) {
    body += "--edge\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  if (!image.empty()) {
    body +=
        "--edge\r\nContent-Disposition: form-data; name=\"image\"; filename=\"input.png\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n" +
        image + "\r\n";
  }
  body += "--edge--\r\n";
  return post(path, body, "Content-Type: multipart/form-data; boundary=edge\r\n");
}

std::string AppUnderTest::start_job(const std::string& json) const {
  const RawResponse response = generate(json, "Prefer: respond-async\r\n");
  REQUIRE(response.status == 202);
  return text_at(body_of(response), "id");
}

Json AppUnderTest::ended_job(const std::string& id) const {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const Json job = body_of(get("/v1/jobs/" + id));
    const std::string status = text_at(job, "status");
    const bool has_ended = status != "queued" && status != "running";
    if (has_ended || std::chrono::steady_clock::now() > until) return job;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::string AppUnderTest::path_of(const std::string& url) const {
  const std::string origin = "http://127.0.0.1:" + std::to_string(port());
  REQUIRE(url.rfind(origin + "/", 0) == 0);
  return url.substr(origin.size());
}

Json body_of(const RawResponse& response) {
  const Result<Json> json = parse_json(response.body);
  INFO(response.status, " ", response.body.substr(0, 500));
  REQUIRE(static_cast<bool>(json));
  return *json;
}

Json at(const Json& json, const std::string& path) {
  const Json* now = &json;
  for (std::size_t begin = 0; now != nullptr && begin < path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string key = path.substr(begin, end - begin);
    if (const Json::Array* array = now->as_array()) {
      const std::size_t index = std::stoul(key);
      now = index < array->size() ? &(*array)[index] : nullptr;
    } else {
      now = now->find(key);
    }
    begin = end + 1;
  }
  return now == nullptr ? Json() : *now;
}

std::string text_at(const Json& json, const std::string& path) {
  const Json found = at(json, path);
  return found.is_string() ? *found.as_string() : found.dump();
}

std::string small_png(int side) {
  return encode_image(Image({side, side}, 3));
}

std::string data_url(const std::string& png) {
  return "data:image/png;base64," + encode_base64(png);
}

}  // namespace palimpsest::testing
