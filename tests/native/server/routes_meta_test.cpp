#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include <algorithm>

#include "tests/native/server/app_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

TEST_CASE("models are listed, those of this machine too, with who would answer") {
  AppUnderTest app({}, {"my-finetune", "kontext-nano"});
  const Json list = body_of(app.get("/v1/models"));
  std::string ids;
  const Json data = at(list, "data");
  for (const Json& model : *data.as_array()) ids += text_at(model, "id") + " ";
  CHECK(ids == "flux.1-kontext-max flux.1-kontext-dev kontext-nano local/my-finetune local/kontext-nano ");
  CHECK(text_at(list, "data.0.served_by.checkpoint") == "my-finetune");
  CHECK(at(list, "data.0.served_by.is_stand_in") == Json(false));
}

TEST_CASE("a model is found by its id with encoded and plain slashes, with its schema where that is asked for") {
  AppUnderTest app;
  CHECK(text_at(body_of(app.get("/v1/models/fal%2Fflux.1-kontext-max")), "id") == "flux.1-kontext-max");
  CHECK(text_at(body_of(app.get("/openai/v1/models/fal/flux.1-kontext-max")), "id") == "flux.1-kontext-max");
  CHECK(at(body_of(app.get("/v1/models/fal/flux.1-kontext-max")), "available") == Json(false));
  CHECK(text_at(body_of(app.get("/v1/models/local/kontext-nano")), "id") == "kontext-nano");
  const Json plain = body_of(app.get("/v1/models/flux-kontext-max"));
  CHECK(at(plain, "parameters").is_null());
  CHECK(at(plain, "served_by.is_stand_in") == Json(true));
  const Json with_schema = body_of(app.get("/v1/models/flux-kontext-max?schema=true"));
  CHECK(at(with_schema, "parameters").as_array()->size() > 10);
  const RawResponse unknown = app.get("/v1/models/flux.1-kontext-mex");
  CHECK(unknown.status == 404);
  CHECK(text_at(body_of(unknown), "error.code") == "model_not_found");
  CHECK(app.get("/v1/models/local/none").status == 404);
}

TEST_CASE("the server says how it is") {
  AppUnderTest app;
  CHECK(text_at(body_of(app.get("/health")), "status") == "ok");
  const Json ready = body_of(app.get("/ready"));
  CHECK(at(ready, "ready") == Json(true));
  CHECK(text_at(ready, "checkpoint") == "kontext-nano");
  CHECK(text_at(body_of(app.get("/openapi.json")), "info.version") == "1.2.3");
  CHECK(text_at(body_of(app.get("/v1/limits")), "queue.capacity") == "64");
}

TEST_CASE("openapi.json describes every route but the page, and none that is not there") {
  AppUnderTest app;
  std::set<std::string> served, described;
  for (const auto& [method, pattern] : app.router().routes()) {
    std::string path = pattern;
    if (const auto rest = path.find("*}"); rest != std::string::npos) path.erase(rest, 1);
    if (path != "/") served.insert(method + " " + path);
  }
  const Json paths = at(body_of(app.get("/openapi.json")), "paths");
  for (const auto& [path, operations] : *paths.as_object()) {
    for (const auto& [method, operation] : *operations.as_object()) {
      std::string upper = method;
      std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
      described.insert(upper + " " + path);
      CHECK((operation.find("requestBody") != nullptr) == (upper == "POST"));
    }
  }
  CHECK(served.size() > 15);
  CHECK(served == described);
}

TEST_CASE("what ran is counted for metrics and providers") {
  AppUnderTest app;
  app.generate(R"({"prompt": "a", "n": 2})");
  app.generate(R"({"prompt": "broken"})");
  const std::string metrics = app.get("/metrics").body;
  CHECK(metrics.find("palimpsest_jobs_total{outcome=\"succeeded\"} 1.0\n") != std::string::npos);
  CHECK(metrics.find("palimpsest_jobs_total{outcome=\"failed\"} 1.0\n") != std::string::npos);
  CHECK(metrics.find("palimpsest_pictures_total{checkpoint=\"kontext-nano\"} 2.0\n") != std::string::npos);
  CHECK(metrics.find("palimpsest_queued_jobs 0.0\n") != std::string::npos);
  const Json providers = body_of(app.get("/v1/providers"));
  CHECK(text_at(providers, "data.0.id") == "local");
  CHECK(text_at(providers, "data.0.succeeded") == "1");
  CHECK(text_at(providers, "data.0.failed") == "1");
  CHECK(text_at(providers, "data.1.status") == "not_configured");
}

TEST_CASE("a page pairs once and then has a key") {
  AppOptions options;
  options.access.api_keys = {"a-key-of-many-letters"};
  AppUnderTest app(options);
  CHECK(app.post("/v1/pair", R"({"token": "x"})").status == 401);
  CHECK(app.post("/v1/pair", R"({})").status == 400);
  CHECK(app.get("/metrics").status == 401);
}

TEST_CASE("without a built page the root says so, and scripts are not let in from elsewhere") {
  AppUnderTest app;
  const RawResponse page = app.get("/");
  CHECK(page.status == 200);
  CHECK(page.header("content-type").rfind("text/html", 0) == 0);
  CHECK(page.body.find("not built") != std::string::npos);
  CHECK(page.body.find("http://127.0.0.1:" + std::to_string(app.port()) + "/v1/images/generations") !=
        std::string::npos);
  CHECK(page.header("content-security-policy").find("script-src 'self' 'wasm-unsafe-eval'") != std::string::npos);
}

TEST_CASE("the files of the page's folder are served with their types, and nothing else is") {
  TemporaryFolder folder;
  folder.write("index.html", "<p>playground");
  folder.write("assets/app.wasm", "wasm");
  AppOptions options;
  options.page_folder = folder.path();
  AppUnderTest app(options);
  CHECK(app.get("/").body == "<p>playground");
  const RawResponse wasm = app.get("/assets/app.wasm");
  CHECK(wasm.header("content-type") == "application/wasm");
  CHECK(app.get("/assets/app.wasm", "If-None-Match: " + wasm.header("etag") + "\r\n").status == 304);
  CHECK(app.get("/assets/..%2Findex.html").status == 404);
  CHECK(text_at(body_of(app.get("/nothing.js")), "error.code") == "unknown_url");
}

TEST_CASE("a page's folder without index.html is refused") {
  TemporaryFolder folder;
  AppOptions options;
  options.page_folder = folder.path();
  CHECK_THROWS_AS(AppUnderTest app(options), PalimpsestError);
}

TEST_CASE("unknown paths, methods, hosts and pages get their errors as JSON") {
  AppUnderTest app;
  CHECK(app.get("/v1/nothing").status == 404);
  const RawResponse method = app.get("/v1/images/generations");
  CHECK(method.status == 405);
  CHECK(method.header("allow").find("POST") != std::string::npos);
  CHECK(app.generate(R"({"prompt": "a"})", "Origin: https://evil.example\r\n").status == 403);
  CHECK(ask(app.port(), "GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 421);
  CHECK(app.engine.runs() == 0);
}
