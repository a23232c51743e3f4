#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/native/server/app_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::string picture_path(const AppUnderTest& app) {
  return app.path_of(text_at(body_of(app.generate(R"({"prompt": "a"})")), "data.0.url"));
}

}  // namespace

TEST_CASE("a picture's link answers HEAD and conditional requests") {
  AppUnderTest app;
  const std::string path = picture_path(app);
  const RawResponse whole = app.get(path);
  REQUIRE(whole.status == 200);
  const RawResponse head = app.head(path);
  CHECK(head.status == 200);
  CHECK(head.header("content-length") == std::to_string(whole.body.size()));
  CHECK(head.header("content-type") == "image/png");
  const std::string tag = whole.header("etag");
  const RawResponse same = app.get(path, "If-None-Match: W/\"x\", " + tag + "\r\n");
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(app.get(path, "If-None-Match: \"another\"\r\n").status == 200);
}

TEST_CASE("a picture's link needs no key where the server has one") {
  AppOptions options;
  options.access.api_keys = {"a-key-of-many-letters"};
  AppUnderTest app(options);
  const std::string key = "Authorization: Bearer a-key-of-many-letters\r\n";
  CHECK(app.generate(R"({"prompt": "a"})").status == 401);
  const Json answer = body_of(app.generate(R"({"prompt": "a"})", key));
  CHECK(app.get(app.path_of(text_at(answer, "data.0.url"))).status == 200);
}

TEST_CASE("an expired link is 410, before and after the picture's row is deleted") {
  AppOptions options;
  options.queue.images.lifetime = 1;
  AppUnderTest app(options);
  const std::string expired = picture_path(app);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const bool is_deleted : {false, true}) {
    CAPTURE(is_deleted);
    if (is_deleted) {
      app.state().queue.housekeep();
      app.state().storage.write_and_wait([](Database&) {});
    }
    const RawResponse response = app.get(expired);
    CHECK(response.status == 410);
    CHECK(text_at(body_of(response), "error.code") == "image_expired");
  }
}

TEST_CASE("an unknown or malformed link is 404 as JSON") {
  AppUnderTest app;
  for (const std::string path : {"/v1/images/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/v1/images/..%2F..%2Fpasswd"}) {
    CAPTURE(path);
    const RawResponse response = app.get(path);
    CHECK(response.status == 404);
    CHECK(text_at(body_of(response), "error.code") == "image_not_found");
  }
}
