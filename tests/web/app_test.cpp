#include "tests/web/page_fixture.h"

namespace palimpsest::testing {
namespace {

const HttpCall& last_call(const PageFixture& page) {
  return page.platform.calls.back();
}

void submit(PageFixture& page, const std::string& prompt) {
  page.app.apply(Action(SetValue{"prompt", prompt}));
  page.app.apply(Action(Submit{}));
}

}  // namespace

TEST_CASE("the page asks only its own origin without a click") {
  PageFixture page;
  SUBCASE("a page that the server itself gave out") {
    page.app.start(served_page());
    REQUIRE(page.platform.calls.size() == 1);
    CHECK(page.platform.calls[0].url == "http://127.0.0.1:7801/v1/models");
  }
  SUBCASE("a page on a host, last used with a server on this machine") {
    page.platform.storage["base_url"] = "http://127.0.0.1:7801/v1";
    page.app.start(served_page("https://pages.example/v1"));
    CHECK(page.platform.calls.empty());
    CHECK(page.app.state().shows_connection);
  }
}

TEST_CASE("a page on a mere file host offers the usual address and complains about nothing") {
  PageFixture page;
  page.app.start(served_page("https://pages.example/v1"));
  page.answer(404, "text/html", "<h1>Not found</h1>");
  const Connection& connection = page.app.state().connection;
  CHECK(connection.phase == Connection::Phase::idle);
  CHECK(connection.base_url == kUsualServer);
  CHECK(connection.problem.empty());
  page.app.apply(Action(Connect{}));
  page.answer(404, "text/html", "<h1>Not found</h1>");
  CHECK(connection.problem ==
        "http://127.0.0.1:7801 answers, but has no list of models at http://127.0.0.1:7801/v1/models. "
        "Most addresses end in /v1.");
}

TEST_CASE("a request that streams goes from waiting over previews to a picture with its exact seed") {
  PageFixture page;
  page.connect();
  submit(page, "a red house");
  const HttpCall call = last_call(page);
  CHECK(call.url == "http://127.0.0.1:7801/v1/images/generations?progress=true");
  CHECK(call.body.find("\"stream\":true") != std::string::npos);
  const auto send = [&](const std::string& bytes) {
    page.platform.events.push_back(HttpEvent(HttpBytes{call.call, bytes}));
    page.frame();
  };
  page.platform.events.push_back(HttpEvent(HttpHead{call.call, 200, "text/event-stream", "", ""}));
  send(sse("progress", R"({"type": "progress", "job": "j1", "step": 2, "steps": 8, "eta_ms": 1500})"));
  const Run& run = page.app.state().runs.at(0);
  CHECK(run.step == 2);
  CHECK(run.job == "j1");
  send(sse("image_generation.partial_image",
           R"({"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": ")" +
               encode_base64(png_bytes()) + "\"}"));
  CHECK(run.preview != 0);
  // In two pieces, as a network cuts it.
  const std::string end = completed(
      "image_generation", R"(, "provider": "local", "checkpoint": "nano", "warnings": [)"
                          R"({"code": "ignored_parameter", "param": "sampler", "message": "sampler is euler"}])");
  send(end.substr(0, 30));
  CHECK(run.results.empty());
  send(end.substr(30));
  page.platform.events.push_back(HttpEvent(HttpEnd{call.call, true}));
  page.frame();
  REQUIRE(run.results.size() == 1);
  CHECK(run.results[0].seed == 18446744073709551615U);
  CHECK(run.phase == Run::Phase::done);
  CHECK(run.answered_by == "local / nano");
  REQUIRE(run.warnings.size() == 1);
  CHECK(run.warnings[0].message == "sampler is euler");
}

TEST_CASE("an edit is sent as a form with the picture's own bytes") {
  PageFixture page;
  page.connect();
  page.give_picture();
  submit(page, "make it night");
  const HttpCall& call = last_call(page);
  CHECK(call.url == "http://127.0.0.1:7801/v1/images/edits?progress=true");
  CHECK(call.body.find("name=\"image\"; filename=\"house.png\"\r\nContent-Type: image/png\r\n\r\n" + png_bytes()) !=
        std::string::npos);
}

TEST_CASE("cancelling closes the connection, ends the job and lets the next run start") {
  PageFixture page;
  page.connect();
  for (int i = 0; i < 4; ++i) submit(page, "picture " + std::to_string(i));
  const AppState& state = page.app.state();
  CHECK(state.runs[2].phase == Run::Phase::running);
  CHECK(state.runs[3].phase == Run::Phase::waiting);
  const int call = page.platform.calls[page.platform.calls.size() - 3].call;
  page.platform.events.push_back(HttpEvent(HttpHead{call, 200, "text/event-stream", "", ""}));
  page.platform.events.push_back(
      HttpEvent(HttpBytes{call, sse("progress", R"({"type": "progress", "job": "j7", "step": 1, "steps": 4})")}));
  page.frame();
  page.app.apply(Action(CancelRun{state.runs[0].id}));
  CHECK(page.platform.aborted.count(call) == 1);
  CHECK(state.runs[0].phase == Run::Phase::cancelled);
  CHECK(state.runs[3].phase == Run::Phase::running);
  const HttpCall& deletion = page.platform.calls[page.platform.calls.size() - 2];
  CHECK(deletion.method == "DELETE");
  CHECK(deletion.url == "http://127.0.0.1:7801/v1/jobs/j7");
}

TEST_CASE("an answer in one piece from any server of the kind is shown, too") {
  PageFixture page;
  page.connect();
  submit(page, "a red house");
  page.answer(200, "application/json", R"({"created": 1, "data": [{"url": "https://files.example/a.png"}]})");
  const Run& run = page.app.state().runs.at(0);
  CHECK(run.phase == Run::Phase::done);
  CHECK(last_call(page).url == "https://files.example/a.png");
  page.answer(200, "image/png", png_bytes());
  const Picture* picture = page.app.state().picture(run.results.at(0).picture);
  REQUIRE(picture != nullptr);
  REQUIRE(picture->bytes != nullptr);
  CHECK(*picture->bytes == png_bytes());
}

TEST_CASE("the key goes to the server it was entered for and to no other") {
  PageFixture page;
  page.connect();
  page.app.apply(Action(SetServer{"http://127.0.0.1:7801/v1", "secret"}));
  page.app.apply(Action(Connect{}));
  page.answer(200, "application/json", R"({"data": [{"id": "flux.1-kontext-max"}]})");
  submit(page, "a red house");
  REQUIRE_FALSE(last_call(page).headers.empty());
  CHECK(last_call(page).headers.back().second == "Bearer secret");
  page.answer(200, "application/json", R"({"created": 1, "data": [{"url": "https://files.example/a.png"}]})");
  CHECK(last_call(page).headers.empty());
  CHECK(page.app.state().code.find("secret") == std::string::npos);
  page.app.apply(Action(SetServer{"http://other.example/v1", "secret"}));
  CHECK(page.app.state().connection.key.empty());
  for (const auto& [name, text] : page.platform.storage) CHECK(text.find("secret") == std::string::npos);
}

TEST_CASE("errors say what to do, in sentences") {
  PageFixture page;
  page.connect();
  SUBCASE("the server's own words are kept") {
    submit(page, "a red house");
    page.answer(401, "application/json", R"({"error": {"message": "The key is wrong.", "code": "invalid_api_key"}})");
    const Run& run = page.app.state().runs.at(0);
    CHECK(run.phase == Run::Phase::failed);
    REQUIRE(run.error);
    CHECK(run.error->message == "The key is wrong. Enter the server's key under Connection.");
    CHECK(page.app.state().shows_connection);
    CHECK(page.app.state().connection.is_key_wanted);
    CHECK(page.app.state().focused_field == "api_key");
  }
  SUBCASE("a server that is not there") {
    page.app.apply(Action(SetServer{"http://127.0.0.1:9/v1", ""}));
    page.app.apply(Action(Connect{}));
    page.platform.events.push_back(HttpEvent(HttpEnd{last_call(page).call, false, "down"}));
    page.frame();
    CHECK(page.app.state().connection.problem ==
          "No server is running at http://127.0.0.1:9. Start it; this page connects by itself once it is there.");
    CHECK(page.app.state().connection.remedy == "palimpsest serve --port 9");
  }
  SUBCASE("a stream that breaks off") {
    submit(page, "a red house");
    const int call = last_call(page).call;
    page.platform.events.push_back(HttpEvent(HttpHead{call, 200, "text/event-stream", "", ""}));
    page.platform.events.push_back(HttpEvent(HttpEnd{call, true}));
    page.frame();
    REQUIRE(page.app.state().runs.at(0).error);
    CHECK(page.app.state().runs[0].error->message == "The server closed the stream before any picture was done.");
  }
}

TEST_CASE("the settings of a run come back with the seed that made its picture") {
  PageFixture page;
  page.connect();
  page.app.apply(Action(SetValue{"steps", "12"}));
  submit(page, "a red house");
  page.answer(200, "text/event-stream", completed("image_generation"));
  page.app.apply(Action(SetValue{"steps", ""}));
  page.app.apply(Action(SetValue{"prompt", "something else"}));
  page.app.apply(Action(UseSettings{1, 0}));
  const Form& form = page.app.state().form;
  CHECK(form.values.at("prompt") == "a red house");
  CHECK(form.values.at("steps") == "12");
  CHECK(form.values.at("seed") == "18446744073709551615");
}

TEST_CASE("pictures that nothing shows any more are let go") {
  PageFixture page;
  page.connect();
  page.give_picture();
  const PictureId first = page.app.state().form.pictures.at("image");
  page.give_picture();
  CHECK(page.platform.released.count(first) == 1);
  CHECK(page.app.state().pictures.size() == 1);
}

TEST_CASE("a file that is no picture is refused and says so") {
  PageFixture page;
  page.connect();
  page.platform.events.push_back(GivenFile{"", "notes.txt", std::make_shared<const std::string>("hello")});
  page.settle();
  page.platform.events.push_back(DecodedPicture{page.platform.decoding.back(), false, 0, 0, 0});
  page.settle();
  CHECK(page.app.state().form.pictures.empty());
  CHECK(page.app.state().notice == "notes.txt is no picture that the browser can read.");
}

TEST_CASE("the boundary of a form occurs in none of its fields") {
  std::string boundary;
  const std::string body = multipart_body({{"prompt", "--palimpsest-form-boundary"}}, boundary);
  CHECK(boundary == "palimpsest-form-boundary-0");
  CHECK(body ==
        "--palimpsest-form-boundary-0\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n"
        "--palimpsest-form-boundary\r\n--palimpsest-form-boundary-0--\r\n");
}

}  // namespace palimpsest::testing
