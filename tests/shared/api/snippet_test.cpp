#include "shared/api/snippet.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/api/quoting.h"
#include "tests/shared/api/requests.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

GenerationRequest example() {
  return valid(parse(R"({"prompt": "It's a \"red\" house", "seed": 18446744073709551615, "cfg_scale": 3.5, "n": 2})"));
}

GenerationRequest edit_example() {
  GenerationRequest request = valid(parse(
      edit_body(
          R"("prompt": "@file; <x", "loras": [{"name": "ink"}], "sync_mode": true, "response_format": "b64_json")"),
      Mode::edit));
  request.pictures[0].file_name = "my \"own\" photo.png";
  return request;
}

std::string text(const GenerationRequest& request, SnippetLanguage language, bool needs_key = false) {
  SnippetOptions options;
  options.needs_key = needs_key;
  return snippet(request, built_in_catalog(), language, options);
}

}  // namespace

TEST_CASE("strings are quoted so that no language sees anything in them") {
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("it's $HOME `x` \\ \"!\n") == "'it'\\''s $HOME `x` \\ \"!\n'");
  CHECK(javascript_literal(Json("a\"\\\n\x01\x7f</é")) == "\"a\\\"\\\\\\n\\u0001\\u007f</é\"");
  CHECK(python_literal(Json("\u2028\u202e\u2066\u2014")) == "\"\\u2028\\u202e\\u2066\u2014\"");
}

TEST_CASE("values are written in each language's own words, and large integers are not rounded") {
  const Json value =
      *parse_json(R"({"a": [true, false, null], "b": 9007199254740991, "c": 9007199254740992, "d": 1.5})");
  CHECK(javascript_literal(value) ==
        R"({"a": [true, false, null], "b": 9007199254740991, "c": "9007199254740992", "d": 1.5})");
  CHECK(python_literal(value) ==
        R"({"a": [True, False, None], "b": 9007199254740991, "c": 9007199254740992, "d": 1.5})");
}

TEST_CASE("cURL sends the very body of a text to image request") {
  CHECK(text(example(), SnippetLanguage::curl) ==
        "curl 'http://127.0.0.1:7801/v1/images/generations' \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        "  --data-raw '{\"prompt\":\"It'\\''s a \\\"red\\\" "
        "house\",\"n\":2,\"seed\":18446744073709551615,\"cfg_scale\":3.5}'\n");
}

TEST_CASE("cURL sends an edit as a form in which texts are texts and names are quoted") {
  CHECK(text(edit_example(), SnippetLanguage::curl, true) ==
        "curl 'http://127.0.0.1:7801/v1/images/edits' \\\n"
        "  --header \"Authorization: Bearer $OPENAI_API_KEY\" \\\n"
        "  --form 'image=@\"my \\\"own\\\" photo.png\"' \\\n"
        "  --form-string 'prompt=@file; <x' \\\n"
        "  --form-string 'response_format=b64_json' \\\n"
        "  --form-string 'loras=[{\"name\":\"ink\",\"scale\":1.0}]' \\\n"
        "  --form-string 'sync_mode=true'\n");
}

TEST_CASE("JavaScript uses the official client") {
  CHECK(text(example(), SnippetLanguage::javascript) ==
        "import OpenAI from \"openai\";\n\n"
        "const client = new OpenAI({\n  baseURL: \"http://127.0.0.1:7801/v1\",\n  apiKey: \"not-needed\",\n});\n\n"
        "const response = await client.images.generate({\n"
        "  prompt: \"It's a \\\"red\\\" house\",\n  n: 2,\n  seed: \"18446744073709551615\",\n  cfg_scale: 3.5,\n});\n"
        "console.log(response.data[0].url);\n");
  const std::string edit = text(edit_example(), SnippetLanguage::javascript, true);
  CHECK(edit.find("  image: fs.createReadStream(\"my \\\"own\\\" photo.png\"),\n") != std::string::npos);
  CHECK(edit.find("  apiKey: process.env.OPENAI_API_KEY,\n") != std::string::npos);
  CHECK(edit.find("  loras: \"[{\\\"name\\\":\\\"ink\\\",\\\"scale\\\":1.0}]\",\n") != std::string::npos);
}

TEST_CASE("Python puts what the official client does not know into extra_body") {
  CHECK(text(example(), SnippetLanguage::python) ==
        "from openai import OpenAI\n\n"
        "client = OpenAI(base_url=\"http://127.0.0.1:7801/v1\", api_key=\"not-needed\")\n\n"
        "response = client.images.generate(\n"
        "    prompt=\"It's a \\\"red\\\" house\",\n    n=2,\n"
        "    extra_body={\"seed\": 18446744073709551615, \"cfg_scale\": 3.5},\n)\n"
        "print(response.data[0].url)\n");
  const std::string edit = text(edit_example(), SnippetLanguage::python, true);
  CHECK(edit.find("import base64\nimport os\n\nfrom openai") == 0);
  CHECK(edit.find("    image=open(\"my \\\"own\\\" photo.png\", \"rb\"),\n") != std::string::npos);
  CHECK(edit.find("base64.b64decode(response.data[0].b64_json)") != std::string::npos);
}

TEST_CASE("streams are read event by event") {
  const GenerationRequest request = valid(parse(R"({"prompt": "p", "stream": true, "output_format": "jpeg"})"));
  CHECK(text(request, SnippetLanguage::curl).rfind("curl --no-buffer ", 0) == 0);
  CHECK(text(request, SnippetLanguage::javascript).find("for await (const event of stream)") != std::string::npos);
  CHECK(text(request, SnippetLanguage::python).find("open(\"picture.jpeg\", \"wb\")") != std::string::npos);
}
