#include "shared/api/wire_openai.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace palimpsest;

namespace {

ImagesResult full_result() {
  ImagesResult result;
  result.created = 1'713'833'628;
  result.pictures = {{"http://127.0.0.1:7801/v1/images/ab", "AAAA", "a red house", 18446744073709551615u},
                     {"", "BBBB", "", 0}};
  result.output_format = "png";
  result.size = "1024x1024";
  result.model = "flux.1-kontext-max";
  result.provider = "local";
  result.checkpoint = "kontext-nano";
  result.size_plan = "drawn at 1024x1024";
  result.cost_micros_usd = 0;
  result.duration_ms = 1234;
  result.usage = Usage{10, 20, 30};
  result.warnings = {{"ignored_parameter", "mask", "no mask"}};
  return result;
}

std::string answer_problem(const char* text) {
  const Result<ImagesResult> result = parse_images_result(*parse_json(text));
  return result ? "" : result.error().message;
}

Result<std::optional<ImageEvent>> event_of(const std::string& name, const std::string& data) {
  return parse_image_event({name, data, ""});
}

}  // namespace

TEST_CASE("an answer has OpenAI's members, and seeds that survive JavaScript") {
  const Json json = to_json(full_result());
  CHECK(json.find("created")->dump() == "1713833628");
  const Json& first = (*json.find("data")->as_array())[0];
  CHECK(first.find("b64_json")->dump() == "\"AAAA\"");
  CHECK(first.find("seed")->dump() == "18446744073709551615");
  CHECK(first.find("seed_string")->dump() == "\"18446744073709551615\"");
  CHECK((*json.find("data")->as_array())[1].find("url") == nullptr);
  CHECK(
      json.find("usage")->dump() ==
      R"({"input_tokens":30,"output_tokens":30,"total_tokens":60,"input_tokens_details":{"text_tokens":10,"image_tokens":20}})");
}

TEST_CASE("an answer is the same again when read, also where JavaScript has rounded the seed") {
  const ImagesResult result = full_result();
  CHECK(*parse_images_result(to_json(result)) == result);
  const Json rounded = *parse_json(
      R"({"created": 1, "data": [{"url": "u", "seed": 1.8446744073709552e19, "seed_string": "18446744073709551615"}]})");
  CHECK(parse_images_result(rounded)->pictures[0].seed == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("answers of other services are read, and broken ones refused with the place") {
  CHECK(answer_problem(R"({"created": 1, "data": [{"url": "https://a"}], "usage": null, "background": "opaque"})")
            .empty());
  CHECK(answer_problem("[]") == "The answer cannot be read: : an object is needed");
  CHECK(answer_problem("{}") == "The answer cannot be read: /data: is missing");
  CHECK(answer_problem(R"({"data": [{}]})") == "The answer cannot be read: /data/0: has neither url nor b64_json");
  CHECK(answer_problem(R"({"data": [{"url": 1}]})") == "The answer cannot be read: /data/0/url: a string is needed");
}

TEST_CASE("an error body has the four members that clients read, and every problem") {
  const std::vector<Problem> one = {{{"model_not_found", "no such", "model", 404}, "/model"}};
  CHECK(error_body(one).dump() ==
        R"({"error":{"message":"no such","type":"invalid_request_error","param":"model","code":"model_not_found"}})");
  CHECK(http_status(one) == 404);
  const std::vector<Problem> two = {{{"invalid_value", "a", "", 400}, ""}, {{"invalid_type", "b", "n", 400}, "/n"}};
  CHECK(error_body(two).dump() ==
        R"({"error":{"message":"a","type":"invalid_request_error","param":null,"code":"invalid_value","errors":[)"
        R"({"message":"a","param":null,"code":"invalid_value","pointer":""},)"
        R"({"message":"b","param":"n","code":"invalid_type","pointer":"/n"}]}})");
}

TEST_CASE("the type of an error follows from its status and code") {
  CHECK(error_type({"moderation_blocked", "", "", 400}) == "image_generation_user_error");
  CHECK(error_type({"invalid_api_key", "", "", 401}) == "authentication_error");
  CHECK(error_type({"queue_full", "", "", 429}) == "rate_limit_error");
  CHECK(error_type({"out_of_memory", "", "", 507}) == "server_error");
  CHECK(error_type({"x", "", "", 413}) == "invalid_request_error");
}

TEST_CASE("errors of every service are understood") {
  const auto read = [](const char* text) { return parse_error_body(*parse_json(text), 422); };
  CHECK(read(R"({"error": {"message": "m", "type": "t", "param": "p", "code": "c"}})").code == "c");
  CHECK(read(R"({"error": {"message": "m", "type": "t", "param": null, "code": null}})").code == "t");
  CHECK(read(R"({"error": {"message": "m", "code": 7}})").code == "7");
  CHECK(read(R"({"error": "text"})").message == "text");
  CHECK(read(R"({"detail": [{"loc": ["body"], "msg": "m1"}, {"msg": "m2"}]})").message == "m1");
  CHECK(read(R"({"title": "T", "detail": "D"})").message == "D");
  CHECK(read("null").message == "The server answered with status 422");
  CHECK(read("[]").code == "http_422");
  CHECK(read("{}").http_status == 422);
}

TEST_CASE("a model object tells what the catalogue knows, and its schema is read again as the parameters") {
  const Catalog& catalog = built_in_catalog();
  const Model& model = *catalog.find_model("flux.1-kontext-max");
  const Json json = model_object(model, catalog, true);
  CHECK(json.find("object")->dump() == "\"model\"");
  CHECK(json.find("owned_by")->dump() == "\"Black Forest Labs\"");
  CHECK(json.find("max_resolution")->dump() == "\"2048x2048\"");
  CHECK(json.find("supported_modes")->dump() == R"(["generate","edit"])");
  const Json& fal = (*json.find("providers")->as_array())[1];
  CHECK(fal.find("config_key")->dump() == "\"fal/flux.1-kontext-max\"");
  CHECK(fal.find("price")->dump() == R"({"amount_micros":80000,"currency":"USD","unit":"image"})");
  CHECK((*json.find("providers")->as_array()).back().find("price")->is_null());
  const Result<std::vector<Parameter>> parameters = parse_schema(json);
  REQUIRE(parameters);
  REQUIRE(parameters->size() == catalog.parameters().size());
  for (std::size_t i = 0; i < parameters->size(); ++i) {
    CHECK(to_json((*parameters)[i]) == to_json(catalog.parameters()[i]));
  }
  CHECK(model_object(model, catalog, false).find("parameters") == nullptr);
  CHECK_FALSE(parse_schema(model_object(model, catalog, false)));
  CHECK(list_object({json}).find("object")->dump() == "\"list\"");
  CHECK(local_model_object("local/x", catalog, false).find("id")->dump() == "\"local/x\"");
}

TEST_CASE("events have OpenAI's names and are the same again when read") {
  ImageEvent event;
  event.picture = {"", "AAAA", "", 9007199254740993u};
  event.created = 5;
  event.size = "64x64";
  event.output_format = "png";
  event.index = 2;
  event.image_index = 1;
  event.job = "job_1";
  for (const Mode mode : {Mode::generate, Mode::edit}) {
    for (const auto kind : {ImageEvent::Kind::partial, ImageEvent::Kind::completed}) {
      event.mode = mode;
      event.kind = kind;
      if (kind == ImageEvent::Kind::completed) event.usage = Usage{1, 2, 3}, event.index = 0;
      const SseEvent sse = to_sse(event);
      const std::string family = mode == Mode::edit ? "image_edit." : "image_generation.";
      CHECK(sse.event == family + (kind == ImageEvent::Kind::partial ? "partial_image" : "completed"));
      CHECK(sse.data.find("\"type\":\"" + sse.event + "\"") != std::string::npos);
      const auto again = parse_image_event(sse);
      REQUIRE(again);
      CHECK(**again == event);
    }
    event.usage.reset();
    event.index = 2;
  }
}

TEST_CASE("progress and failure are events too") {
  ImageEvent progress;
  progress.kind = ImageEvent::Kind::progress;
  progress.mode = Mode::edit;
  progress.step = 3, progress.steps = 20;
  progress.eta_ms = 900, progress.queue_position = 0;
  CHECK(**parse_image_event(to_sse(progress)) == progress);
  ImageEvent failed;
  failed.kind = ImageEvent::Kind::failed;
  failed.error = Error{"moderation_blocked", "refused", "prompt", 502};
  CHECK(to_sse(failed).event == "error");
  CHECK(**parse_image_event(to_sse(failed)) == failed);
}

TEST_CASE("streams of other services are read, and what is not for us is skipped") {
  CHECK((*event_of("", R"({"type": "image_generation.completed", "b64_json": "AA", "created": 9})"))->created == 9);
  CHECK((*event_of("x", R"({"error": {"message": "m"}})"))->error->message == "m");
  CHECK_FALSE(*event_of("", "[DONE]"));
  CHECK_FALSE(*event_of("", R"({"type": "image_generation.unheard_of"})"));
  CHECK_FALSE(*event_of("ping", "{}"));
  CHECK(event_of("", "not json").error().http_status == 502);
  CHECK(event_of("image_edit.completed", "{}").error().code == "upstream_invalid");
}
