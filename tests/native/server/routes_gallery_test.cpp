#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/native/server/app_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::string new_picture(const AppUnderTest& app, const std::string& prompt) {
  const Json answer = body_of(app.generate(R"({"seed": 4, "n": 2, "prompt": ")" + prompt + "\"}"));
  const std::string path = app.path_of(text_at(answer, "data.1.url"));
  return path.substr(path.rfind('/') + 1);
}

RawResponse keep(const AppUnderTest& app, const std::string& id, const std::string& more = "") {
  return app.post("/v1/gallery", R"({"image": ")" + id + "\"" + more + "}");
}

}  // namespace

TEST_CASE("a picture that is kept has its prompt as title and the request that makes it again") {
  AppUnderTest app;
  const std::string id = new_picture(app, "a red house");
  const Json item = body_of(keep(app, id));
  CHECK(text_at(item, "title") == "a red house");
  CHECK(text_at(item, "request.seed") == "5");
  CHECK(text_at(item, "request.n") == "1");
  CHECK(text_at(item, "request.prompt") == "a red house");
  CHECK(text_at(item, "width") == "64");
  CHECK(app.get(app.path_of(text_at(item, "url"))).status == 200);
  const Json renamed = body_of(keep(app, id, R"(, "title": "House", "favourite": true)"));
  CHECK(text_at(renamed, "title") == "House");
  CHECK(text_at(renamed, "request.seed") == "5");
  CHECK(at(renamed, "favourite") == Json(true));
}

TEST_CASE("the gallery is listed newest first, page by page, and survives a restart") {
  AppUnderTest app;
  for (const char* prompt : {"first", "second", "third"}) {
    keep(app, new_picture(app, prompt));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  app.restart();
  const Json page = body_of(app.get("/v1/gallery?limit=2"));
  CHECK(text_at(page, "data.0.title") == "third");
  CHECK(text_at(page, "data.1.title") == "second");
  CHECK(at(page, "has_more") == Json(true));
  const Json rest = body_of(app.get("/v1/gallery?limit=2&cursor=" + text_at(page, "next_cursor")));
  CHECK(text_at(rest, "data.0.title") == "first");
  CHECK(at(rest, "has_more") == Json(false));
  CHECK(at(body_of(app.get("/v1/gallery?favourites=true")), "data").as_array()->empty());
}

TEST_CASE("a picture taken out of the gallery is gone") {
  AppUnderTest app;
  const std::string id = new_picture(app, "a");
  keep(app, id);
  CHECK(app.remove("/v1/gallery/" + id).status == 200);
  CHECK(app.get("/v1/images/" + id).status == 410);
  CHECK(app.remove("/v1/gallery/" + id).status == 404);
}

TEST_CASE("what cannot be kept or listed is told why") {
  AppUnderTest app;
  CHECK(keep(app, "aaaaaaaaaaaaaaaaaaaaaaaaaa").status == 404);
  CHECK(text_at(body_of(keep(app, "x")), "error.param") == "image");
  CHECK(text_at(body_of(app.post("/v1/gallery", R"({"titel": "x"})")), "error.code") == "unknown_parameter");
  CHECK(text_at(body_of(app.get("/v1/gallery?limit=0")), "error.param") == "limit");
  CHECK(text_at(body_of(app.get("/v1/gallery?cursor=x")), "error.param") == "cursor");
}
