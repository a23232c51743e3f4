#include "shared/api/parse_request.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/shared/api/requests.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

// The one problem of a body as "code pointer: message".
std::string only_problem(const ParsedRequest& parsed) {
  CHECK_FALSE(parsed.request);
  REQUIRE(parsed.problems.size() == 1);
  const Problem& problem = parsed.problems[0];
  return problem.error.code + " " + problem.pointer + ": " + problem.error.message;
}

std::string form_of(const std::string& body) {
  return normal_form(valid(parse(body)), built_in_catalog()).dump();
}

FormField file(const std::string& name, const std::string& bytes) {
  return {name, bytes, true, "photo.png"};
}

ParsedRequest parse_form(const std::vector<FormField>& fields, Mode mode = Mode::edit) {
  return parse_form_request(fields, mode, built_in_catalog());
}

}  // namespace

TEST_CASE("a prompt alone asks the default model for one png of the checkpoint's own size") {
  const ParsedRequest parsed = parse(R"({"prompt": "a red house"})");
  const GenerationRequest request = valid(parsed);
  CHECK(parsed.warnings.empty());
  CHECK(request.model == "flux.1-kontext-max");
  CHECK(request.provider.empty());
  CHECK(request.image.prompt == "a red house");
  CHECK(request.image.n == 1);
  CHECK_FALSE(request.image.seed);
  CHECK_FALSE(request.image.size);
  CHECK(request.output_format == "png");
  CHECK(request.response_format == ResponseFormat::both);
  CHECK(request.sampler == "euler");
}

TEST_CASE("every parameter of a text to image request arrives in its member") {
  const GenerationRequest request = valid(parse(R"({
    "prompt": "p", "model": "fal/flux.1-kontext-max", "n": 10, "seed": 18446744073709551615, "size": "1024x768",
    "response_format": "b64_json", "output_format": "webp", "output_compression": 0, "stream": true,
    "partial_images": 3, "cfg_scale": 3, "steps": 100, "negative_prompt": "q", "true_cfg_scale": 2.5,
    "sampler": "euler", "scheduler": "flux", "loras": [{"name": "ink", "scale": -0.5}, {"name": "oil"}],
    "rng": "torch-cpu-bf16", "enhance_prompt": true, "safety_tolerance": "6", "sync_mode": true, "user": "u"})"));
  CHECK(request.provider == "fal");
  CHECK(request.endpoint == "fal/flux.1-kontext-max");
  CHECK(request.image.n == 10);
  CHECK(request.image.seed == 18446744073709551615u);
  CHECK(request.image.size == ImageSize{1024, 768});
  CHECK(request.response_format == ResponseFormat::b64_json);
  CHECK(request.output_format == "webp");
  CHECK(request.output_compression == 0);
  CHECK(request.stream);
  CHECK(request.partial_images == 3);
  CHECK(request.image.guidance == 3.0);
  CHECK(request.image.steps == 100);
  CHECK(request.image.negative_prompt == "q");
  CHECK(request.image.true_cfg_scale == 2.5);
  REQUIRE(request.loras.size() == 2);
  CHECK(request.loras[0].scale == -0.5);
  CHECK(request.loras[1].scale == 1);
  CHECK(request.image.rng == Rng::torch_cpu_bf16);
  CHECK(request.enhance_prompt);
  CHECK(request.safety_tolerance == "6");
  CHECK(request.sync_mode);
  CHECK(request.user == "u");
}

TEST_CASE("an edit takes pictures as data URLs in every spelling") {
  const std::string url = "\"" + png_url() + "\"";
  for (const std::string& member : {"\"images\": [{\"image_url\": " + url + "}]", "\"images\": [" + url + "]",
                                    "\"image\": " + url, "\"image\": [" + url + "]"}) {
    CAPTURE(member);
    const GenerationRequest request = valid(parse("{\"prompt\": \"p\", " + member + "}", Mode::edit));
    REQUIRE(request.pictures.size() == 1);
    CHECK(request.pictures[0].bytes == png_bytes());
    CHECK(request.pictures[0].media_type == "image/png");
  }
  const GenerationRequest masked =
      valid(parse(edit_body("\"prompt\": \"p\", \"fit\": \"pad\", \"strength\": 0.5, \"mask\": " + url), Mode::edit));
  CHECK(masked.mask);
  CHECK(masked.image.fit == Fit::pad);
  CHECK(masked.strength == 0.5);
}

TEST_CASE("null is the default and numbers keep every digit") {
  CHECK(form_of(R"({"prompt": "p", "n": null, "size": null, "loras": null, "made_up": null})") ==
        form_of(R"({"prompt": "p"})"));
  CHECK(form_of(R"({"prompt": "p", "seed": "9007199254740993"})") ==
        form_of(R"({"prompt": "p", "seed": 9007199254740993})"));
  CHECK(form_of(R"({"prompt": "p", "seed": 9007199254740993})").find("\"seed\":9007199254740993") != std::string::npos);
  CHECK(form_of(R"({"prompt": "p", "safety_tolerance": 2})") == form_of(R"({"prompt": "p", "safety_tolerance": "2"})"));
}

TEST_CASE("line ends of a form's texts are those that were typed, not the CRLF that browsers make of them") {
  const FormField image{"image", "\x89PNG\r\n\x1a\n", true, "a.png"};
  const GenerationRequest request = valid(parse_form({{"prompt", "one\r\ntwo\n\rthree\r\n\r\n"}, image}));
  CHECK(request.image.prompt == "one\ntwo\n\rthree\n\n");
  CHECK(request.pictures[0].bytes == image.value);
}

TEST_CASE("requests that ask for the same have one normal form, in whatever order and under whatever names") {
  const std::string form =
      R"({"mode":"generate","model":"flux.1-kontext-max","prompt":"p","aspect_ratio":"16:9","cfg_scale":3.0,"unknown":{"a":1,"b":[2]}})";
  CHECK(form_of(R"({"prompt": "p", "aspect_ratio": "16:9", "cfg_scale": 3, "a": 1, "b": [2]})") == form);
  CHECK(form_of(R"({"b": [2], "guidance_scale": 3.0, "aspect_ratio": "32:18", "a": 1, "n": 1, "true_cfg_scale": 1,
                    "model": "flux-kontext-max", "prompt": "p", "stream": false, "sampler": "euler"})") == form);
}

TEST_CASE("problems name the field, the place and the limit") {
  const std::pair<const char*, const char*> examples[] = {
      {R"({"prompt": ""})", "invalid_value /prompt: prompt is empty; a text of at most 32000 bytes is needed"},
      {R"({"prompt": " \n"})", "invalid_value /prompt: prompt is empty; a text of at most 32000 bytes is needed"},
      {R"({})", "missing_required_parameter /prompt: prompt is missing; a text of at most 32000 bytes is needed"},
      {R"({"prompt": 7})", "invalid_type /prompt: prompt is 7; a text of at most 32000 bytes is needed"},
      {R"({"prompt": "a\u0000b"})",
       "invalid_value /prompt: prompt is a text with a NUL character; a text of at most 32000 bytes is needed"},
      {R"({"prompt": "p", "n": 11})", "invalid_value /n: n is 11; a whole number from 1 to 10 is needed"},
      {R"({"prompt": "p", "n": 0})", "invalid_value /n: n is 0; a whole number from 1 to 10 is needed"},
      {R"({"prompt": "p", "n": 1.0})", "invalid_value /n: n is 1.0; a whole number from 1 to 10 is needed"},
      {R"({"prompt": "p", "n": "2"})", "invalid_type /n: n is \"2\"; a whole number from 1 to 10 is needed"},
      {R"({"prompt": "p", "seed": -1})",
       "invalid_value /seed: seed is -1; a whole number from 0 to 18446744073709551615 is needed"},
      {R"({"prompt": "p", "seed": 18446744073709551616})",
       "invalid_value /seed: seed is 1.8446744073709552e+19; a whole number from 0 to 18446744073709551615 is needed"},
      {R"({"prompt": "p", "seed": "18446744073709551616"})",
       "invalid_value /seed: seed is \"18446744073709551616\"; a whole number from 0 to 18446744073709551615 is "
       "needed"},
      {R"({"prompt": "p", "seed": "0x10"})",
       "invalid_value /seed: seed is \"0x10\"; a whole number from 0 to 18446744073709551615 is needed"},
      {R"({"prompt": "p", "seed": true})",
       "invalid_type /seed: seed is true; a whole number from 0 to 18446744073709551615 is needed"},
      {R"({"prompt": "p", "guidance": 101})",
       "invalid_value /guidance: cfg_scale is 101; a number from 0 to 100 is needed"},
      {R"({"prompt": "p", "cfg_scale": "3"})",
       "invalid_type /cfg_scale: cfg_scale is \"3\"; a number from 0 to 100 is needed"},
      {R"({"prompt": "p", "stream": 1})", "invalid_type /stream: stream is 1; true or false is needed"},
      {R"({"prompt": "p", "output_format": "bmp"})",
       "invalid_value /output_format: output_format is \"bmp\"; one of png, jpeg, gif, webp, avif is needed"},
      {R"({"prompt": "p", "safety_tolerance": 0})",
       "invalid_value /safety_tolerance: safety_tolerance is 0; one of 1, 2, 3, 4, 5, 6 is needed"},
      {R"({"prompt": "p", "size": "big"})",
       "invalid_value /size: size is \"big\"; WIDTHxHEIGHT in pixels, a ratio as 16:9, or auto is needed"},
      {R"({"prompt": "p", "size": "1920x1080"})",
       "invalid_value /size: size has the height 1080; a multiple of 16 is needed (the nearest possible size is "
       "1920x1088)"},
      {R"({"prompt": "p", "size": "4096x1024"})",
       "invalid_value /size: size has the width 4096; from 256 to 2048 pixels are possible (the nearest possible size "
       "is "
       "2048x1024)"},
      {R"({"prompt": "p", "aspect_ratio": "0:1"})",
       "invalid_value /aspect_ratio: aspect_ratio is \"0:1\"; width:height, as 16:9, is needed"},
      {R"({"prompt": "p", "loras": [{"scale": 1}]})",
       "missing_required_parameter /loras/0: loras is without the member \"name\"; a list of up to 8 objects with name "
       "and "
       "scale is needed"},
      {R"({"prompt": "p", "loras": [{"name": "a"}, {"name": "b", "scale": 9}]})",
       "invalid_value /loras/1/scale: loras: scale is 9; a number from -4 to 4 is needed"},
      {R"({"prompt": "p", "loras": [{"name": "a", "path": "/etc"}]})",
       "invalid_value /loras/0: loras is given the unknown member \"path\"; a list of up to 8 objects with name and "
       "scale is "
       "needed"},
      {R"({"prompt": "p", "cfg_scale": 1, "guidance": 1})", "duplicate_parameter /guidance: cfg_scale is given twice"},
      {R"({"prompt": "p", "strength": 0.5})",
       "unsupported_parameter /strength: strength is for edits only; use /v1/images/edits"},
      {R"({"prompt": "p", "image": "x"})",
       "unsupported_parameter /image: image is for edits only; use /v1/images/edits"},
      {R"({"prompt": "p", "model": "flux.1-kontext-mx"})",
       "model_not_found /model: The model `flux.1-kontext-mx` does not exist; did you mean `flux.1-kontext-max`?"},
      {R"({"prompt": "p", "model": "fal/flux.1-kontext-max-edit"})",
       "unsupported_parameter /model: The endpoint `fal/flux.1-kontext-max-edit` does not offer the mode generate"},
      {R"([])", "invalid_type : The body must be a JSON object"},
      {R"({"prompt": "p", "prompt": "q"})",
       "json_duplicate_key : The body cannot be read: the key \"prompt\" occurs twice, the second time before byte 24"},
  };
  for (const auto& example : examples) {
    CAPTURE(example.first);
    CHECK(only_problem(parse(example.first)) == example.second);
  }
  CHECK(parse(R"({"prompt": "p", "model": "no"})").problems[0].error.http_status == 404);
}

TEST_CASE("all problems come at once, with all warnings") {
  const ParsedRequest parsed =
      parse(R"({"promt": "p", "n": 0, "seed": -1, "size": "17x17", "output_format": "bmp", "model": "x/y"})");
  std::vector<std::string> pointers;
  for (const Problem& problem : parsed.problems) pointers.push_back(problem.pointer);
  CHECK(pointers == std::vector<std::string>{"/n", "/seed", "/output_format", "/model", "/prompt", "/size", "/size"});
  REQUIRE(parsed.warnings.size() == 1);
  CHECK(parsed.warnings[0].message == "Unknown parameter: 'promt'; did you mean 'prompt'?");
}

TEST_CASE("what is wrong with a picture is said of that picture") {
  const auto problem = [](const std::string& members, const ParseOptions& options = {}) {
    return only_problem(parse("{\"prompt\": \"p\", " + members + "}", Mode::edit, options));
  };
  CHECK(problem("\"n\": 1") ==
        "missing_required_parameter /image: image is missing; a picture as PNG, JPEG, GIF, WebP or AVIF is needed");
  CHECK(problem(R"("images": [{"image_url": "https://example.com/a.png"}])") ==
        "image_url_refused /images/0/image_url: image is an address, and this server fetches none; send a data URL");
  CHECK(problem(R"("images": [{"file_id": "file-1"}])") ==
        "unsupported_parameter /images/0: image has a file_id; files are not kept here, send image_url");
  CHECK(problem(R"("images": [{"image_url": "data:;base64,", "detail": "high"}])") ==
        "invalid_type /images/0: image must be a data URL or an object with image_url alone");
  CHECK(problem(R"("images": [7])") ==
        "invalid_type /images/0: image must be a data URL or an object with image_url alone");
  CHECK(problem(R"("image": "data:image/png;base64,!!!!")") ==
        "invalid_base64 /image: image is not base64 at character 0");
  CHECK(problem(R"("image": "data:image/png;base64,aGVsbG8=")") ==
        "invalid_image /image: image is not a picture; PNG, JPEG, GIF, WebP or AVIF is needed");
  CHECK(problem("\"images\": [\"" + png_url() + "\", \"" + png_url() + "\"]") ==
        "too_many_images /image: image has 2 pictures; flux.1-kontext-max takes at most 1");
  CHECK(problem("\"image\": \"" + png_url() + "\", \"mask\": \"\"") ==
        "invalid_data_url /mask: mask is not a data URL; data:image/png;base64,… is needed");
}

TEST_CASE("addresses of pictures are let through only where the operator allows it") {
  ParseOptions options;
  options.allow_image_urls = true;
  const std::string body = R"({"prompt": "p", "images": [{"image_url": "https://example.com/a.png"}]})";
  const GenerationRequest request = valid(parse(body, Mode::edit, options));
  CHECK(request.pictures[0].url == "https://example.com/a.png");
  CHECK_FALSE(parse(R"({"prompt": "p", "image": "http://example.com/a.png"})", Mode::edit, options).request);
}

TEST_CASE("a form gives the request that JSON gives") {
  const ParsedRequest parsed = parse_form({file("image[]", png_bytes()),
                                           {"prompt", "true"},
                                           {"n", "2"},
                                           {"seed", "18446744073709551615"},
                                           {"cfg_scale", "2.50"},
                                           {"stream", "true"},
                                           {"model", ""},
                                           {"size", "16:9"},
                                           {"loras", R"([{"name": "ink"}])"},
                                           {"quality", "high"}});
  const std::string json =
      edit_body(R"("prompt": "true", "n": 2, "seed": "18446744073709551615", "cfg_scale": 2.5, "stream": true,
      "size": "16:9", "loras": [{"name": "ink", "scale": 1.0}], "quality": "high")");
  CHECK(normal_form(valid(parsed), built_in_catalog()) ==
        normal_form(valid(parse(json, Mode::edit)), built_in_catalog()));
  CHECK(valid(parsed).pictures[0].file_name == "photo.png");
}

TEST_CASE("texts of a form are read by the parameter's type, and no looser") {
  const auto problem = [](const char* name, const char* text) {
    return only_problem(parse_form({file("image", png_bytes()), {"prompt", "p"}, {name, text}}));
  };
  CHECK(problem("n", "two") == "invalid_type /n: n is \"two\"; a whole number from 1 to 10 is needed");
  CHECK(problem("n", "1.5") == "invalid_value /n: n is 1.5; a whole number from 1 to 10 is needed");
  CHECK(problem("n", " 1 x") == "invalid_type /n: n is \" 1 x\"; a whole number from 1 to 10 is needed");
  CHECK(problem("stream", "True") == "invalid_type /stream: stream is \"True\"; true or false is needed");
  CHECK(problem("cfg_scale", "NaN") ==
        "invalid_type /cfg_scale: cfg_scale is \"NaN\"; a number from 0 to 100 is needed");
  CHECK(problem("prompt", "again") == "duplicate_parameter /prompt: prompt is given twice");
  CHECK(only_problem(parse_form({file("image", ""), {"prompt", "p"}})) ==
        "missing_required_parameter /image: image is missing; a picture as PNG, JPEG, GIF, WebP or AVIF is needed");
}

TEST_CASE("unknown parameters are kept, warned about, and bounded in number") {
  const ParsedRequest parsed = parse(R"({"prompt": "p", "quality": "high", "x": {"deep": [1, null]}})");
  CHECK(valid(parsed).unknown.size() == 2);
  REQUIRE(parsed.warnings.size() == 2);
  CHECK(parsed.warnings[0].code == "unknown_parameter");
  CHECK(parsed.warnings[0].message == "Unknown parameter: 'quality'; it is passed on to hosted providers only.");
  std::string many = R"({"prompt": "p")";
  for (int i = 0; i < 40; ++i) many += ", \"x" + std::to_string(i) + "\": 1";
  CHECK(parse(many + "}").problems.size() == 8);
  CHECK_FALSE(parse(R"({"prompt": "p", "a\nb": 1})").request);
}

TEST_CASE("what has no effect is said") {
  const std::pair<const char*, const char*> examples[] = {
      {R"("size": "1024x1024", "aspect_ratio": "1:1")", "aspect_ratio has no effect because size is given."},
      {R"("size": "1:1", "resolution": "1K")", "resolution has no effect because size is given."},
      {R"("aspect_ratio": "5:1")", "The ratio 5:1 is not among the supported sizes; the nearest is 1568x672."},
      {R"("output_compression": 50)", "output_compression has no effect on png."},
      {R"("partial_images": 2)", "partial_images has no effect without stream."},
      {R"("negative_prompt": "q")", "negative_prompt has no effect without true_cfg_scale above 1."},
  };
  for (const auto& [members, warning] : examples) {
    const ParsedRequest parsed = parse("{\"prompt\": \"p\", " + std::string(members) + "}");
    REQUIRE(parsed.warnings.size() == 1);
    CHECK(parsed.warnings[0].message == warning);
  }
  CHECK(parse(R"({"prompt": "p", "size": "auto", "aspect_ratio": "16:9", "resolution": "1K"})").warnings.empty());
}

TEST_CASE("what a provider does not honour is said once the provider is known") {
  const GenerationRequest request = valid(parse(R"({"prompt": "p", "steps": 4, "cfg_scale": 2, "rng": "philox"})"));
  const auto count = [&](const char* provider) {
    return provider_warnings(request, built_in_catalog(), provider).size();
  };
  CHECK(count("local") == 0);
  CHECK(count("fal") == 1);
  CHECK(count("replicate") == 2);
  CHECK(provider_warnings(request, built_in_catalog(), "fal")[0].message ==
        "steps has no effect at fal: fixed by the provider.");
}

TEST_CASE("the limits that the engine is built with are those of the catalogue") {
  const RequestLimits usual;
  const RequestLimits limits = request_limits(built_in_catalog(), built_in_catalog().find_model("flux.1-kontext-dev"));
  CHECK(limits.max_prompt_bytes == usual.max_prompt_bytes);
  CHECK(limits.max_images == usual.max_images);
  CHECK(limits.min_side == usual.min_side);
  CHECK(limits.max_side == usual.max_side);
  CHECK(limits.side_multiple == usual.side_multiple);
  CHECK(limits.max_n == usual.max_n);
  CHECK(limits.max_steps == usual.max_steps);
  CHECK(limits.max_guidance == usual.max_guidance);
  // So that a request that parses is one that the engine's own check lets pass.
  CHECK(validate(valid(parse(R"({"prompt": "p", "size": "2048x256", "steps": 100, "cfg_scale": 100})")).image).empty());
}

TEST_CASE("what a request is sent as is read as the same request") {
  const GenerationRequest edit = valid(
      parse(edit_body(R"("prompt": "p", "seed": 18446744073709551615, "loras": [{"name": "a"}], "x": 1)"), Mode::edit));
  const Json form = normal_form(edit, built_in_catalog());
  CHECK(normal_form(valid(parse(to_json_body(edit).dump(), Mode::edit)), built_in_catalog()) == form);
  GenerationRequest from_form = valid(parse_form(to_form_fields(edit)));
  CHECK(from_form.unknown == Json::Object{{"x", "1"}});  // a form has only texts where the type is not known
  from_form.unknown = edit.unknown;
  CHECK(normal_form(from_form, built_in_catalog()) == form);
}

TEST_CASE("a model behind its provider takes the provider's endpoint of the mode") {
  const char* body =
      R"({"model": "fal/flux.1-kontext-max", "prompt": "p", "images": [{"image_url": "data:image/png;base64,iVBORw0KGgo="}]})";
  const ParsedRequest edit = parse_json_request(body, Mode::edit, built_in_catalog());
  REQUIRE(edit.request);
  CHECK(edit.request->provider == "fal");
  CHECK(edit.request->endpoint.empty());
}
