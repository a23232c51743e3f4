#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/api/wire_error.h"
#include "tests/shared/api/requests.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

// A refusal that can be sent: it has problems, each with a code and a message, and a body that is JSON again.
void check_refused(const std::string& body, Mode mode = Mode::generate) {
  const ParsedRequest parsed = parse(body, mode);
  CHECK_FALSE(parsed.request);
  REQUIRE_FALSE(parsed.problems.empty());
  for (const Problem& problem : parsed.problems) {
    CHECK_FALSE(problem.error.code.empty());
    CHECK(problem.error.message.size() > 10);
    CHECK(problem.error.message.size() < 600);
  }
  CHECK(parse_json(error_body(parsed.problems).dump()));
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("bodies that are not JSON, or not an object, are refused") {
  for (const char* body : {"",
                           " ",
                           "nul",
                           "null",
                           "true",
                           "1",
                           "\"x\"",
                           "[]",
                           "[{}]",
                           "{",
                           "{]",
                           "{\"prompt\"}",
                           "{\"prompt\": }",
                           "{\"prompt\": \"p\",}",
                           "{\"prompt\": \"p\"} x",
                           "{'prompt': 'p'}",
                           "{\"prompt\": \"p\" /* c */}",
                           "\xEF\xBB\xBF{\"prompt\": \"p\"}",
                           "{\"prompt\": \"\xff\"}",
                           "{\"prompt\": \"\\ud800\"}",
                           "{\"prompt\": \"p\", \"seed\": 01}",
                           "{\"prompt\": \"p\", \"cfg_scale\": NaN}",
                           "{\"prompt\": \"p\", \"cfg_scale\": 1e400}",
                           "{\"prompt\": \"p\", \"cfg_scale\": Infinity}"}) {
    CAPTURE(body);
    check_refused(body);
  }
}

TEST_CASE("bombs of depth, number and length are refused") {
  check_refused(repeated("[", 100'000));
  check_refused("{\"prompt\": \"p\", \"x\": " + repeated("{\"a\":", 40) + "1" + repeated("}", 41));
  check_refused("{\"prompt\": \"p\", \"x\": [" + repeated("0,", 20'000) + "0]}");
  check_refused("{\"prompt\": \"" + std::string(32'001, 'a') + "\"}");
  check_refused("{\"prompt\": \"p\", \"" + std::string(100'000, 'k') + "\": 1}");
  check_refused("{\"prompt\": \"p\", \"loras\": [" + repeated("{\"name\": \"a\"},", 8) + "{\"name\": \"a\"}]}");
  CHECK(parse("{\"prompt\": \"" + std::string(22'000'000, 'a') + "\"}").problems[0].error.http_status == 413);
}

TEST_CASE("every parameter refuses every value of a type that is not its own") {
  const std::vector<std::string> values = {"[]", "{}", "[[]]", "{\"a\": {}}", "[1]", "1e300", "-1", "\"\\u202e\""};
  for (const Parameter& parameter : built_in_catalog().parameters()) {
    for (const std::string& value : values) {
      CAPTURE(parameter.name);
      CAPTURE(value);
      const ParsedRequest parsed = parse(edit_body("\"" + parameter.name + "\": " + value), Mode::edit);
      const bool is_empty_list = parameter.type == ParameterType::list && value == "[]";
      const bool is_free_text = parameter.type == ParameterType::string && parameter.values.empty() && value[0] == '"';
      if (is_empty_list || is_free_text) continue;
      const bool is_in_range = parameter.type == ParameterType::image && value == "[]";
      if (!is_in_range) CHECK(parsed.problems.size() >= (parameter.name == "prompt" ? 1u : 2u));
    }
  }
}

TEST_CASE("messages never carry control characters of the request") {
  const ParsedRequest parsed = parse("{\"prompt\": \"p\", \"model\": \"\\u001b[31m\\n\\u202e\", \"\\u001b]0;x\": 1}");
  for (const Problem& problem : parsed.problems) {
    CHECK(problem.error.message.find('\x1b') == std::string::npos);
    CHECK(problem.error.message.find('\n') == std::string::npos);
    CHECK(problem.error.message.find("\u202e") == std::string::npos);
  }
  CHECK(parsed.problems.size() == 2);
}

TEST_CASE("a body cut anywhere is refused, and one with a byte changed is refused or read, never worse") {
  const std::string body =
      edit_body(R"("prompt": "p", "n": 2, "seed": "18446744073709551615", "loras": [{"name": "a"}])");
  REQUIRE(parse(body, Mode::edit).request);
  for (std::size_t i = 0; i < body.size(); ++i) {
    check_refused(body.substr(0, i), Mode::edit);
    std::string damaged = body;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x15);
    const ParsedRequest parsed = parse(damaged, Mode::edit);
    CHECK(parsed.request.has_value() == parsed.problems.empty());
  }
}
