#include <doctest/doctest.h>

#include "tests/native/server/app_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

AppOptions with_page(const TemporaryFolder& folder) {
  AppOptions options;
  options.page_folder = folder.path();
  return options;
}

}  // namespace

TEST_CASE("a server without the page says so and how to go on") {
  AppUnderTest app;
  const RawResponse page = app.get("/");
  CHECK(page.status == 200);
  CHECK(page.body.find("the playground page is not built here") != std::string::npos);
}

TEST_CASE("the page's files have fitting types, and an unchanged one is not sent again") {
  const TemporaryFolder folder;
  folder.write("index.html", "<p>page</p>");
  folder.write("program.wasm", "wasm");
  folder.write("fonts/a.otf", "font");
  AppUnderTest app(with_page(folder));
  CHECK(app.get("/").body == "<p>page</p>");
  CHECK(app.get("/index.html").header("content-type") == "text/html; charset=utf-8");
  CHECK(app.get("/program.wasm").header("content-type") == "application/wasm");
  const RawResponse font = app.get("/fonts/a.otf");
  CHECK(font.header("content-type") == "font/otf");
  const RawResponse again = app.get("/fonts/a.otf", "If-None-Match: " + font.header("etag") + "\r\n");
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(app.get("/fonts/none.otf").status == 404);
}

TEST_CASE("a file is sent as the best compressed copy beside it that the client takes") {
  const TemporaryFolder folder;
  folder.write("index.html", "plain");
  folder.write("index.html.br", "brotli");
  folder.write("index.html.gz", "gzip");
  folder.write("other.gz", "a file of its own");
  AppUnderTest app(with_page(folder));
  const auto answer = [&](const std::string& accepted) {
    return app.get("/", "Accept-Encoding: " + accepted + "\r\n");
  };
  CHECK(answer("gzip, deflate, br").body == "brotli");
  CHECK(answer("gzip, deflate, br").header("content-encoding") == "br");
  CHECK(answer("gzip, br").header("vary").find("accept-encoding") != std::string::npos);
  CHECK(answer("GZIP;q=0.5").body == "gzip");
  CHECK(answer("br;q=0, gzip").body == "gzip");
  CHECK(answer("br;q=0.0, gzip; q=0").body == "plain");
  CHECK(answer("brotli").body == "plain");
  CHECK(answer("identity").header("content-encoding").empty());
  CHECK(app.get("/").body == "plain");
  CHECK(answer("br").header("etag") != answer("gzip").header("etag"));
  CHECK(app.get("/index.html.br").status == 404);
  CHECK(app.get("/other.gz").body == "a file of its own");
}
