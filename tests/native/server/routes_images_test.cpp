#include <doctest/doctest.h>

#include <algorithm>

#include "native/storage/image_store.h"
#include "shared/api/sse.h"
#include "shared/image/base64.h"
#include "tests/native/server/app_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::vector<SseEvent> events_in(const RawResponse& response) {
  SseDecoder decoder;
  return decoder.feed(response.body);
}

std::string names_of(const std::vector<SseEvent>& events) {
  std::string names;
  for (const SseEvent& event : events) names += event.event + " ";
  return names;
}

bool has_warning(const Json& answer, const std::string& code, const std::string& param) {
  const Json warnings = at(answer, "warnings");
  return warnings.is_array() &&
         std::any_of(warnings.as_array()->begin(), warnings.as_array()->end(), [&](const Json& warning) {
           return text_at(warning, "code") == code && text_at(warning, "param") == param;
         });
}

AppOptions small_queue() {
  AppOptions options;
  options.queue.capacity = 1;
  return options;
}

}  // namespace

TEST_CASE("text to image answers with a link and the picture, and says who drew it") {
  AppUnderTest app;
  const RawResponse response =
      app.post("/openai/v1/images/generations",
               R"({"model": "flux.1-kontext-max", "prompt": "a red house", "cfg_scale": 3, "seed": 7})");
  REQUIRE(response.status == 200);
  CHECK(response.header("content-type") == "application/json");
  CHECK(response.header("x-provider") == "local");
  CHECK(response.header("x-checkpoint") == "kontext-nano");
  CHECK(response.header("x-request-id").size() == 26);
  const Json answer = body_of(response);
  const std::string base64 = text_at(answer, "data.0.b64_json");
  const RawResponse picture = app.get(app.path_of(text_at(answer, "data.0.url")));
  CHECK(picture.header("content-type") == "image/png");
  CHECK(encode_base64(picture.body) == base64);
  CHECK(text_at(answer, "data.0.seed") == "7");
  CHECK(text_at(answer, "model") == "flux.1-kontext-max");
  CHECK(text_at(answer, "provider") == "local");
  CHECK(text_at(answer, "checkpoint") == "kontext-nano");
  CHECK(text_at(answer, "size") == "64x64");
  CHECK(text_at(answer, "usage.total_tokens") == "18");
  CHECK(has_warning(answer, "stand_in", "model"));
  CHECK(has_warning(answer, "ignored_parameter", "cfg_scale"));
}

TEST_CASE("a full checkpoint answers for the premium model without being called a stand-in") {
  AppUnderTest app({}, {"FLUX.1-Kontext-dev", "kontext-nano"});
  const Json answer = body_of(app.generate(R"({"model": "flux-kontext-max", "prompt": "a house"})"));
  CHECK(text_at(answer, "checkpoint") == "FLUX.1-Kontext-dev");
  CHECK_FALSE(has_warning(answer, "stand_in", "model"));
  CHECK(text_at(body_of(app.generate(R"({"model": "local/flux.1-kontext-max", "prompt": "a house"})")), "checkpoint") ==
        "FLUX.1-Kontext-dev");
  CHECK(text_at(body_of(app.generate(R"({"model": "kontext-nano", "prompt": "a house"})")), "checkpoint") ==
        "kontext-nano");
}

TEST_CASE("an edit comes as a form with a file of any type, or as JSON with a data URL") {
  AppUnderTest app;
  const RawResponse form =
      app.post_form("/openai/v1/images/edits",
                    {{"model", "flux.1-kontext-max"}, {"prompt", "add a starry night sky"}, {"n", "2"}}, small_png());
  REQUIRE(form.status == 200);
  CHECK(at(body_of(form), "data").as_array()->size() == 2);
  const RawResponse json = app.post("/v1/images/edits", R"({"prompt": "make it blue", "images": [{"image_url": ")" +
                                                            data_url(small_png()) + R"("}]})");
  CHECK(json.status == 200);
}

TEST_CASE("an explicit response_format gives exactly that") {
  AppUnderTest app;
  const Json link = body_of(app.generate(R"({"prompt": "a", "response_format": "url"})"));
  CHECK(at(link, "data.0.url").is_string());
  CHECK(at(link, "data.0.b64_json").is_null());
  const Json bytes = body_of(app.generate(R"({"prompt": "a", "response_format": "b64_json"})"));
  CHECK(at(bytes, "data.0.url").is_null());
  CHECK(at(bytes, "data.0.b64_json").is_string());
}

TEST_CASE("seeds beyond 2^53 are exact, and count on modulo 2^64") {
  AppUnderTest app;
  const Json answer = body_of(app.generate(R"({"prompt": "a", "seed": 18446744073709551615, "n": 2})"));
  CHECK(text_at(answer, "data.0.seed") == "18446744073709551615");
  CHECK(text_at(answer, "data.0.seed_string") == "18446744073709551615");
  CHECK(text_at(answer, "data.1.seed_string") == "0");
}

TEST_CASE("every output format comes as its type") {
  AppUnderTest app;
  for (const std::string format : {"png", "jpeg", "gif", "webp", "avif"}) {
    CAPTURE(format);
    const Json answer = body_of(app.generate(R"({"prompt": "a", "output_format": ")" + format + "\"}"));
    CHECK(text_at(answer, "output_format") == format);
    CHECK(app.get(app.path_of(text_at(answer, "data.0.url"))).header("content-type") == "image/" + format);
  }
}

TEST_CASE("a stream has its previews first, then each picture, the last with what the answer says") {
  AppUnderTest app;
  HttpConnection connection(app.port());
  connection.send(app.request("POST /v1/images/generations?progress=true", "",
                              R"({"prompt": "wait", "stream": true, "partial_images": 2, "n": 2, "seed": 5})"));
  // Once there is an event somebody listens, so that no preview comes too early to be seen.
  const std::string head = connection.read_until("event: progress\n");
  CHECK(head.find("text/event-stream") != std::string::npos);
  CHECK(head.find("x-checkpoint: kontext-nano") != std::string::npos);
  app.engine.release();
  const std::string rest = connection.read_until("\"warnings\":");
  const std::size_t first_partial = rest.find("event: image_generation.partial_image\n");
  const std::size_t last_partial = rest.rfind("event: image_generation.partial_image\n");
  const std::size_t first_picture = rest.find("event: image_generation.completed\n");
  const std::size_t last_picture = rest.rfind("event: image_generation.completed\n");
  REQUIRE(first_partial != std::string::npos);
  CHECK(rest.find("\"partial_image_index\":0") > first_partial);
  CHECK(last_partial < first_picture);
  REQUIRE(last_picture > first_picture);
  CHECK(rest.substr(first_picture, last_picture - first_picture).find("\"seed\":5,") != std::string::npos);
  CHECK(rest.find("\"seed\":6,", last_picture) != std::string::npos);
  CHECK(rest.find("\"checkpoint\":\"kontext-nano\"", last_picture) != std::string::npos);
  CHECK(connection.read_until("]}").find("\"stand_in\"") != std::string::npos);
}

TEST_CASE("a request without a seed gets one on arrival, which previews and progress say already") {
  AppUnderTest app;
  HttpConnection connection(app.port());
  connection.send(app.request("POST /v1/images/generations?progress=true", "",
                              R"({"prompt": "wait", "stream": true, "partial_images": 1})"));
  const std::string told = connection.read_until("event: progress\n");
  app.engine.release();
  const std::string rest = connection.read_until("\"warnings\":");
  const std::string name = "\"seed_string\":\"";
  const std::size_t at = rest.find(name);
  REQUIRE(at != std::string::npos);
  const std::string seed = rest.substr(at, rest.find('"', at + name.size()) - at);
  const std::size_t partial = rest.find("event: image_generation.partial_image\n");
  const std::size_t completed = rest.find("event: image_generation.completed\n");
  REQUIRE(partial < completed);
  CHECK(rest.find(seed, partial) < completed);
  CHECK(rest.find(seed, completed) != std::string::npos);
}

TEST_CASE("progress is streamed where it is asked for, and an edit's events are called so") {
  AppUnderTest app;
  const RawResponse response =
      app.post("/v1/images/edits?progress=true",
               R"({"prompt": "b", "stream": true, "image": ")" + data_url(small_png()) + "\"}");
  const std::string names = names_of(events_in(response));
  CHECK(names.find("progress progress ") != std::string::npos);
  CHECK(names.find("image_edit.completed ") != std::string::npos);
}

TEST_CASE("a stream that fails ends with an error event; what is wrong before it begins is an ordinary answer") {
  AppUnderTest app;
  const auto events = events_in(app.generate(R"({"prompt": "too large", "stream": true})"));
  REQUIRE(events.size() == 1);
  CHECK(events[0].event == "error");
  CHECK(text_at(parse_json(events[0].data).value_or_throw(), "error.code") == "out_of_memory");
  CHECK(app.generate(R"({"prompt": "a", "stream": true, "n": 11})").status == 400);
}

TEST_CASE("a dry run validates, prices and plans, and nothing runs") {
  AppUnderTest app;
  const Json plan = body_of(app.post("/v1/images/generations?dryRun=true", R"({"prompt": "a", "n": 3})"));
  CHECK(at(plan, "dry_run") == Json(true));
  CHECK(text_at(plan, "total_cost_micros") == "0");
  CHECK(text_at(plan, "components.0.quantity") == "3");
  CHECK(text_at(plan, "checkpoint") == "kontext-nano");
  CHECK(text_at(plan, "size_plan").find("64x64") != std::string::npos);
  CHECK(app.post("/v1/images/generations?dryRun=true", R"({"prompt": ""})").status == 400);
  CHECK(app.engine.runs() == 0);
}

TEST_CASE("a key that is sent again gets the same answer without a second run, and another body 422") {
  AppUnderTest app;
  const std::string key = "Idempotency-Key: one\r\n";
  const Json first = body_of(app.generate(R"({"prompt": "a"})", key));
  const Json again = body_of(app.generate(R"({ "prompt" : "a" })", key));
  CHECK(text_at(first, "data.0.url") == text_at(again, "data.0.url"));
  CHECK(app.engine.runs() == 1);
  const RawResponse other = app.generate(R"({"prompt": "b"})", key);
  CHECK(other.status == 422);
  CHECK(text_at(body_of(other), "error.code") == "idempotency_key_reused");
}

TEST_CASE("a client that leaves ends its job") {
  AppUnderTest app;
  HttpConnection connection(app.port());
  connection.send(app.request("POST /v1/images/generations", "", R"({"prompt": "wait"})"));
  REQUIRE(app.engine.wait_for_runs(1));
  connection.reset();
  CHECK(app.engine.wait_for_stops(1));
}

TEST_CASE("a request that came with a key goes on when its client leaves") {
  AppUnderTest app;
  HttpConnection connection(app.port());
  const std::string key = "Idempotency-Key: mine\r\n";
  connection.send(app.request("POST /v1/images/generations", key, R"({"prompt": "wait", "seed": 9})"));
  REQUIRE(app.engine.wait_for_runs(1));
  connection.reset();
  app.engine.release();
  CHECK(text_at(body_of(app.generate(R"({"prompt": "wait", "seed": 9})", key)), "data.0.seed") == "9");
  CHECK(app.engine.runs() == 1);
}

TEST_CASE("with sync_mode the picture comes as a data URL and nothing is kept") {
  AppUnderTest app;
  const Json answer = body_of(app.generate(R"({"prompt": "a", "sync_mode": true, "response_format": "url"})"));
  CHECK(text_at(answer, "data.0.url").rfind("data:image/png;base64,", 0) == 0);
  const std::int64_t kept = app.state().storage.read(
      [&](Database& database) { return ImageStore(database, app.state().storage.files()).total_bytes(); });
  CHECK(kept == 0);
}

TEST_CASE("bad requests are told what is wrong, and where") {
  AppUnderTest app;
  struct Case {
    std::string body;
    int status;
    std::string code, param;
  };
  const Case cases[] = {
      {R"({"prompt": "a")", 400, "json_syntax", "null"},
      {"[]", 400, "invalid_type", "null"},
      {R"({})", 400, "missing_required_parameter", "prompt"},
      {R"({"prompt": "a", "n": 11})", 400, "invalid_value", "n"},
      {R"({"prompt": "a", "n": "two"})", 400, "invalid_type", "n"},
      {R"({"prompt": "a", "seed": -1})", 400, "invalid_value", "seed"},
      {R"({"prompt": "a", "seed": 18446744073709551616})", 400, "invalid_value", "seed"},
      {R"({"prompt": "a", "size": "100x100"})", 400, "invalid_value", "size"},
      {R"({"prompt": "a", "output_format": "bmp"})", 400, "invalid_value", "output_format"},
      {R"({"prompt": "a", "cfg_scale": 101})", 400, "invalid_value", "cfg_scale"},
      {R"({"prompt": "a", "image": "x"})", 400, "unsupported_parameter", "image"},
      {R"({"prompt": "a", "model": "flux.1-kontext-mex"})", 404, "model_not_found", "model"},
      {R"({"prompt": "a", "model": "local/flux.1-kontext-max"})", 404, "model_not_found", "model"},
      {R"({"prompt": "a", "model": "local/kontext-nana"})", 404, "model_not_found", "model"},
      {R"({"prompt": "a", "model": "fal/flux.1-kontext-max"})", 400, "provider_not_configured", "model"},
      {R"({"prompt": "a", "model": "fal/flux.1-kontext-max-edit"})", 400, "unsupported_parameter", "model"},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.body);
    const RawResponse response = app.generate(wrong.body);
    const Json error = body_of(response);
    CHECK(response.status == wrong.status);
    CHECK(text_at(error, "error.code") == wrong.code);
    CHECK(text_at(error, "error.param") == wrong.param);
    CHECK(text_at(error, "error.type") == "invalid_request_error");
    CHECK(text_at(error, "error.message").size() > 10);
  }
  CHECK(app.engine.runs() == 0);
}

TEST_CASE("an unknown model is answered with the nearest name") {
  AppUnderTest app;
  const auto message = [&](const std::string& model) {
    return text_at(body_of(app.generate(R"({"prompt": "a", "model": ")" + model + "\"}")), "error.message");
  };
  CHECK(message("flux.1-kontext-mex").find("`flux.1-kontext-max`") != std::string::npos);
  CHECK(message("local/kontext-nana").find("`local/kontext-nano`") != std::string::npos);
}

TEST_CASE("what is no picture, or a damaged or remote one, is refused before it waits") {
  AppUnderTest app;
  const auto edit = [&](const std::string& image) {
    return app.post("/v1/images/edits", R"({"prompt": "a", "image": ")" + image + "\"}");
  };
  CHECK(text_at(body_of(edit(data_url("no picture"))), "error.code") == "invalid_image");
  CHECK(text_at(body_of(edit("https://pictures.example/a.png")), "error.code") == "image_url_refused");
  const RawResponse damaged = edit(data_url(small_png().substr(0, 20)));
  CHECK(damaged.status == 400);
  CHECK(text_at(body_of(damaged), "error.param") == "image");
  const RawResponse none = app.post_form("/v1/images/edits", {{"prompt", "a"}}, "");
  CHECK(text_at(body_of(none), "error.param") == "image");
  CHECK(app.post("/v1/images/edits", "prompt=a", "Content-Type: application/x-www-form-urlencoded\r\n").status == 415);
  CHECK(app.engine.runs() == 0);
}

TEST_CASE("a full queue answers 429 and when to come again") {
  AppUnderTest app(small_queue());
  app.start_job(R"({"prompt": "wait"})");
  REQUIRE(app.engine.wait_for_runs(1));
  app.start_job(R"({"prompt": "second"})");
  const RawResponse full = app.generate(R"({"prompt": "third"})");
  CHECK(full.status == 429);
  CHECK(text_at(body_of(full), "error.code") == "queue_full");
  const int seconds = std::stoi(full.header("retry-after"));
  CHECK(seconds >= 1);
  CHECK(seconds <= 60);
}

TEST_CASE("a size that does not fit is 507 with the largest that does, and no client should try it again") {
  AppUnderTest app;
  const RawResponse response = app.generate(R"({"prompt": "too large"})");
  CHECK(response.status == 507);
  CHECK(response.header("x-should-retry") == "false");
  CHECK(text_at(body_of(response), "error.message").find("1024x1024") != std::string::npos);
  const RawResponse broken = app.generate(R"({"prompt": "broken"})");
  CHECK(broken.status == 500);
  CHECK(broken.header("x-should-retry") == "false");
  CHECK(app.generate(R"({"prompt": "fine"})").status == 200);
}

TEST_CASE("while the checkpoint is being loaded pictures wait, and the rest answers") {
  AppUnderTest app({}, {"held"});
  const RawResponse early = app.generate(R"({"prompt": "a"})");
  CHECK(early.status == 503);
  CHECK(text_at(body_of(early), "error.code") == "model_loading");
  CHECK(early.header("retry-after") == "2");
  CHECK(app.get("/health").status == 200);
  const RawResponse ready = app.get("/ready");
  CHECK(ready.status == 503);
  CHECK(text_at(body_of(ready), "status") == "loading");
  app.engine.finish_loading();
  for (int i = 0; i < 1000 && app.get("/ready").status != 200; ++i) {
  }
  CHECK(app.generate(R"({"prompt": "a"})").status == 200);
}

TEST_CASE("a checkpoint that cannot be loaded is said to be so, and trying again is discouraged") {
  AppUnderTest app({}, {"damaged"});
  const RawResponse response = app.generate(R"({"prompt": "a"})");
  CHECK(response.status == 503);
  CHECK(response.header("x-should-retry") == "false");
  CHECK(text_at(body_of(response), "error.message").find("the file ends early") != std::string::npos);
}

TEST_CASE("what the local engine leaves out of a request is said in the warnings") {
  AppUnderTest app;
  const Json answer = body_of(app.post(
      "/v1/images/edits",
      R"({"prompt": "a", "strength": 0.5, "loras": [{"name": "x"}], "enhance_prompt": true, "safety_tolerance": "1",
                              "guidence": 3, "image": ")" +
          data_url(small_png()) + "\"}"));
  CHECK(has_warning(answer, "ignored_parameter", "strength"));
  CHECK(has_warning(answer, "ignored_parameter", "loras"));
  CHECK(has_warning(answer, "ignored_parameter", "enhance_prompt"));
  CHECK(has_warning(answer, "ignored_parameter", "safety_tolerance"));
  CHECK(has_warning(answer, "unknown_parameter", "guidence"));
}
