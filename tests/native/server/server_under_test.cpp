#include "tests/native/server/server_under_test.h"

#include <chrono>

namespace palimpsest::testing {
namespace {

AccessOptions with_port(AccessOptions access, std::uint16_t port) {
  access.port = port;
  return access;
}

Route route(std::string method, std::string pattern, Handler handler) {
  Route result;
  result.method = std::move(method);
  result.pattern = std::move(pattern);
  result.handler = std::move(handler);
  return result;
}

HttpResponse text(std::string body) {
  return bytes_response(200, "text/plain", std::move(body));
}

std::string form_summary(const HttpRequest& request) {
  std::string summary;
  for (const FormPart& part : request.form->parts) {
    summary += part.name + "=" + std::to_string(part.content.size()) + (part.content.is_in_file() ? "f " : "m ");
  }
  return summary;
}

}  // namespace

void Counter::add() {
  const std::lock_guard lock(mutex_);
  ++count_;
  changed_.notify_all();
}

bool Counter::reaches(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count_ >= count; });
}

int Counter::value() {
  const std::lock_guard lock(mutex_);
  return count_;
}

HttpLimits patient_limits() {
  HttpLimits limits;
  limits.max_json_bytes = 4096;
  limits.max_upload_bytes = std::size_t{3} << 20;
  return limits;
}

ServerUnderTest::ServerUnderTest(HttpLimits limits, AccessOptions access)
    : server(options(limits)),
      policy(AccessPolicy::create(with_port(std::move(access), server.port())).value_or_throw()),
      router(*policy) {
  add_routes();
  add_slow_routes();
  server.start(router);
}

ServerUnderTest::~ServerUnderTest() {
  server.drain(std::chrono::milliseconds(0));
}

HttpServerOptions ServerUnderTest::options(const HttpLimits& limits) {
  HttpServerOptions options;
  options.limits = limits;
  options.spool_folder = spool.path();
  options.handler_threads = 2;
  options.log = [this](const RequestLog& log) {
    {
      const std::lock_guard lock(mutex_);
      logs_.push_back(log);
    }
    logged_.add();
  };
  return options;
}

void ServerUnderTest::add_routes() {
  Route health = route("GET", "/health", [](const ExchangePtr& exchange) { exchange->respond(text("ok")); });
  health.access = RouteAccess::open;
  health.is_quick = true;
  router.add(health);
  Route models = route("GET", "/v1/models/{id*}",
                       [](const ExchangePtr& exchange) { exchange->respond(text(exchange->request().param("id"))); });
  models.access = RouteAccess::open;
  router.add(models);
  Route images = route("GET", "/v1/images/{id}", [](const ExchangePtr& exchange) {
    exchange->respond(bytes_response(200, "image/png", "picture " + exchange->request().param("id")));
  });
  images.access = RouteAccess::capability;
  router.add(images);
  Route echo = route("POST", "/v1/echo", [this](const ExchangePtr& exchange) {
    handled.add();
    exchange->respond(bytes_response(200, "application/json", exchange->request().body));
  });
  echo.body = BodyKind::json;
  router.add(echo);
  Route form = route("POST", "/v1/form", [this](const ExchangePtr& exchange) {
    handled.add();
    const HttpRequest& request = exchange->request();
    exchange->respond(text(request.form ? form_summary(request) : "json " + request.body));
  });
  form.body = BodyKind::multipart_or_json;
  router.add(form);
  router.add(route("POST", "/v1/touch", [this](const ExchangePtr& exchange) {
    handled.add();
    exchange->respond(text(exchange->request().client));
  }));
}

void ServerUnderTest::add_slow_routes() {
  const Handler keep = [this](const ExchangePtr& exchange) {
    exchange->on_disconnect([this] { left.add(); });
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(exchange);
    }
    arrived.add();
  };
  router.add(route("GET", "/v1/wait", keep));
  Route hold = route("POST", "/v1/hold", keep);
  hold.body = BodyKind::json;
  router.add(hold);
  router.add(route("GET", "/v1/events", [this](const ExchangePtr& exchange) {
    exchange->on_disconnect([this] { streams_left.add(); });
    const bool resumable = exchange->request().query_value("resumable") == "1";
    auto stream = exchange->start_events(resumable ? AtShutdown::close : AtShutdown::finish);
    {
      const std::lock_guard lock(mutex_);
      streams_.push_back(std::move(stream));
    }
    arrived.add();
  }));
  router.add(route("GET", "/v1/throws", [](const ExchangePtr& exchange) {
    const std::string kind = exchange->request().query_value("kind");
    if (kind == "ours") fail("queue_full", "The queue is full", 429);
    throw std::runtime_error("the secret of the house");
  }));
  router.add(route("GET", "/v1/forgets", [](const ExchangePtr&) {}));
  router.add(route("GET", "/v1/big", [](const ExchangePtr& exchange) {
    exchange->respond(text(std::string(std::size_t{32} << 20, 'x')));
  }));
  router.add(route("GET", "/v1/bad-header", [](const ExchangePtr& exchange) {
    exchange->respond({200, {{"x-name", "a\r\nset-cookie: b"}}});
  }));
}

std::string ServerUnderTest::request(const std::string& line, const std::string& headers,
                                     const std::string& body) const {
  const bool is_json = !body.empty() && headers.find("ontent-") == std::string::npos;
  return line + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) + "\r\n" + headers +
         (is_json ? "Content-Type: application/json\r\n" : "") +
         (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body;
}

RawResponse ServerUnderTest::get(const std::string& path, const std::string& headers) const {
  return ask(port(), request("GET " + path, headers));
}

ExchangePtr ServerUnderTest::take_waiting() {
  const std::lock_guard lock(mutex_);
  ExchangePtr exchange = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  return exchange;
}

std::shared_ptr<SseStream> ServerUnderTest::take_stream() {
  const std::lock_guard lock(mutex_);
  auto stream = std::move(streams_.front());
  streams_.erase(streams_.begin());
  return stream;
}

std::vector<RequestLog> ServerUnderTest::logs(std::size_t count) {
  logged_.reaches(static_cast<int>(count));
  const std::lock_guard lock(mutex_);
  return logs_;
}

}  // namespace palimpsest::testing
