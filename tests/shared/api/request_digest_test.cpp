// The native build and the WebAssembly build read requests alike: both make the same pseudo-random requests, and what
// they find in them has one digest.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "shared/api/snippet.h"
#include "shared/base/sha256.h"
#include "tests/shared/api/requests.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

constexpr int kRequests = 5000;
constexpr const char* kDigest = "9a4ed827da641c8c322f8f4769029cd37f8a7e83232c64df79643382d999a9cc";

// xorshift64*: the same numbers on every machine.
class Random {
 public:
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 2685821657736338717u;
  }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>((next() >> 33) % bound); }
  bool once_in(std::size_t times) { return below(times) == 0; }
  template <typename Items>
  const auto& pick(const Items& items) {
    return items[below(items.size())];
  }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15u;
};

// Values of all types, and on all sides of limits.
const std::vector<std::string>& odd_values() {
  static const std::vector<std::string> values = {"null",
                                                  "true",
                                                  "false",
                                                  "0",
                                                  "-0.0",
                                                  "1",
                                                  "2",
                                                  "10",
                                                  "11",
                                                  "-1",
                                                  "1.5",
                                                  "1e2",
                                                  "0.1",
                                                  "100",
                                                  "100.00000000000001",
                                                  "18446744073709551615",
                                                  "18446744073709551616",
                                                  "9007199254740993",
                                                  "\"\"",
                                                  "\"1\"",
                                                  "\"auto\"",
                                                  "\"16:9\"",
                                                  "\"1.85:1\"",
                                                  "\"1024x1024\"",
                                                  "\"1000x999\"",
                                                  "\"1K\"",
                                                  "\"png\"",
                                                  "\"\\ud83d\\ude00\"",
                                                  "\"a\\u0000\"",
                                                  "[]",
                                                  "{}",
                                                  "[{\"name\": \"a\"}]",
                                                  "[{\"name\": \"a\", \"scale\": 0.3}]",
                                                  "[{\"scale\": 1}]",
                                                  "\"kontext-nano\"",
                                                  "\"fal/flux.1-kontext-max\"",
                                                  "\"local/x\"",
                                                  "\"flux.1-kontext-mxa\"",
                                                  "\"euler\"",
                                                  "\"3\"",
                                                  "3",
                                                  "0.30000000000000004"};
  return values;
}

// A value that the parameter is likely to take.
std::string likely_value(const Parameter& parameter, Random& random) {
  if (!parameter.values.empty()) return "\"" + random.pick(parameter.values) + "\"";
  if (parameter.format == "uint64") return std::to_string(random.next());
  // Drawn here, since operands of + are evaluated in any order.
  const std::size_t first = random.below(113), second = random.below(113);
  if (parameter.format == "size") {
    return "\"" + std::to_string(16 * (16 + first)) + "x" + std::to_string(16 * (16 + second)) + "\"";
  }
  if (parameter.format == "aspect_ratio") {
    return "\"" + std::to_string(1 + first % 30) + ":" + std::to_string(1 + second % 30) + "\"";
  }
  switch (parameter.type) {
    case ParameterType::integer:
      return std::to_string(1 + random.below(10));
    case ParameterType::number:
      return std::to_string(first % 2) + "." + std::to_string(second);
    case ParameterType::boolean:
      return random.once_in(2) ? "true" : "false";
    case ParameterType::image:
      return "\"data:image/png;base64," + encode_base64(png_bytes(std::to_string(random.next()))) + "\"";
    default:
      return parameter.name == "model" ? "\"flux-kontext-max\"" : "\"text " + std::to_string(random.next()) + "\"";
  }
}

std::string random_body(Random& random, Mode mode) {
  std::string body;
  for (const Parameter& parameter : built_in_catalog().parameters()) {
    const bool is_odd = random.once_in(40);
    const bool is_left_out = parameter.required ? random.once_in(20) : !random.once_in(4);
    if (is_left_out || (!parameter.is_for(mode) && !is_odd)) continue;
    const std::string name = parameter.aliases.empty() || random.once_in(2) ? parameter.name : parameter.aliases[0];
    const std::string value = is_odd ? random.pick(odd_values()) : likely_value(parameter, random);
    if (parameter.type == ParameterType::list && !is_odd) continue;
    body += (body.empty() ? "\"" : ", \"") + name + "\": " + value;
  }
  if (random.once_in(10))
    body += (body.empty() ? "\"" : ", \"") + std::string("made_up\": ") + random.pick(odd_values());
  body = "{" + body + "}";
  if (random.once_in(50)) {
    const std::size_t place = random.below(body.size());
    body[place] = static_cast<char>(random.below(256));
  }
  return body;
}

std::string verdict(const ParsedRequest& parsed) {
  std::string text;
  for (const Problem& problem : parsed.problems) {
    text += problem.error.code + " " + problem.pointer + " " + problem.error.message + "\n";
  }
  for (const Warning& warning : parsed.warnings) text += warning.code + " " + warning.message + "\n";
  if (parsed.request) text += normal_form(*parsed.request, built_in_catalog()).dump() + "\n";
  return text;
}

}  // namespace

TEST_CASE("five thousand requests get the verdicts that they get in the other build") {
  Random random;
  std::string verdicts;
  int valid_count = 0;
  for (int i = 0; i < kRequests; ++i) {
    const Mode mode = random.once_in(2) ? Mode::edit : Mode::generate;
    const ParsedRequest parsed = parse(random_body(random, mode), mode);
    valid_count += parsed.request.has_value() ? 1 : 0;
    verdicts += verdict(parsed);
    if (!parsed.request) continue;
    // What is sent for a valid request is a valid request that asks for the same.
    const ParsedRequest again = parse(to_json_body(*parsed.request).dump(), mode);
    REQUIRE(again.request);
    CHECK(verdict(again) == verdict(parsed));
    verdicts += snippet(*parsed.request, built_in_catalog(), SnippetLanguage::python);
  }
  // Both kinds are well represented.
  CHECK(valid_count > kRequests / 4);
  CHECK(valid_count < kRequests * 3 / 4);
  CHECK(sha256_hex(verdicts) == kDigest);
}
