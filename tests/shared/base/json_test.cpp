#include "shared/base/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <ostream>

using namespace palimpsest;

namespace {

using namespace std::string_literals;

std::string code_of(std::string_view text, const JsonLimits& limits = {}) {
  const Result<Json> result = parse_json(text, limits);
  return result ? "accepted" : result.error().code;
}

Json parsed(std::string_view text) {
  Result<Json> result = parse_json(text);
  REQUIRE_MESSAGE(result, text);
  return *std::move(result);
}

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("integers are exact over the whole 64-bit range and round trip") {
  for (const char* text : {"0", "1", "-1", "9007199254740993", "18446744073709551615", "-9223372036854775808",
                           "9223372036854775807", "9223372036854775808"}) {
    const Json value = parsed(text);
    CHECK(value.is_integer());
    CHECK(value.dump() == text);
    CHECK(parsed(value.dump()) == value);
  }
}

TEST_CASE("an integer is handed out only where the type asked for holds it") {
  std::int64_t small = 7;
  std::uint64_t large = 7;
  CHECK(parsed("-9223372036854775808").to_int64(small));
  CHECK(small == std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(parsed("9223372036854775808").to_int64(small));
  CHECK(parsed("18446744073709551615").to_uint64(large));
  CHECK(large == std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(parsed("-1").to_uint64(large));
  for (const char* text : {"1.0", "1e3", "\"1\"", "true", "null", "18446744073709551616"}) {
    CHECK_FALSE(parsed(text).to_int64(small));
    CHECK_FALSE(parsed(text).to_uint64(large));
  }
}

TEST_CASE("an integer beyond 64 bits is a double, not a wrapped integer") {
  double number = 0;
  CHECK(parsed("18446744073709551616").to_double(number));
  CHECK(number == 18446744073709551616.0);
}

TEST_CASE("doubles round trip") {
  for (const char* text : {"1e+308", "5e-324", "0.1", "-2.5", "1.7976931348623157e+308", "-0.0"}) {
    const Json value = parsed(text);
    double number = 0;
    REQUIRE(value.to_double(number));
    CHECK(value.dump() == text);
    double again = 1;
    CHECK(parsed(value.dump()).to_double(again));
    CHECK(again == number);
    CHECK(std::signbit(again) == std::signbit(number));
  }
  CHECK(parsed("1.0").dump() == "1.0");  // stays a number that is not an integer
}

TEST_CASE("minus zero written as an integer is the integer zero") {
  std::int64_t value = 1;
  CHECK(parsed("-0").to_int64(value));
  CHECK(value == 0);
}

TEST_CASE("numbers outside of the range of a double are refused, below it they are zero") {
  CHECK(code_of("1e309") == "json_number");
  CHECK(code_of("-1e309") == "json_number");
  CHECK(code_of("[1" + std::string(400, '0') + "]") == "json_number");
  double number = 1;
  CHECK(parsed("1e-400").to_double(number));
  CHECK(number == 0.0);
}

TEST_CASE("number spellings outside of the grammar are refused") {
  for (const char* text :
       {"01", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "-", "--1", "1_0"})
    CHECK_MESSAGE(code_of(text) == "json_syntax", text);
}

TEST_CASE("what is not exactly one JSON value is refused") {
  for (const char* text :
       {"",        " ",           "{",      "[",      "[1,]",    "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}",
        "[1 2]",   "1 2",         "{}x",    "[]]",    "// c\n1", "1 /* c */",  "tru",     "nul",   "\"a",
        "\"\\x\"", "\"\\u12g4\"", "\"\t\"", "\"\n\"", "[1}",     "{1:2}",      "\\",      "\"\\",  "\"\\\""})
    CHECK_MESSAGE(code_of(text) == "json_syntax", text);
}

TEST_CASE("whitespace of the grammar is allowed around every token and no other is") {
  CHECK(code_of(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n") == "accepted");
  CHECK(code_of("\f1") == "json_syntax");
  CHECK(code_of("1\v") == "json_syntax");
  CHECK(code_of("\xC2\xA0"
                "1") == "json_syntax");
}

TEST_CASE("a byte order mark is refused") {
  CHECK(code_of("\xEF\xBB\xBF{}") == "json_encoding");
}

TEST_CASE("a NUL byte does not end the text early") {
  CHECK(code_of("{}\0junk"s) == "json_encoding");
  CHECK(code_of("\0{}"s) == "json_encoding");
  CHECK(code_of("\"a\0b\""s) == "json_encoding");
  CHECK(*parsed("\"a\\u0000b\"").as_string() == "a\0b"s);
}

TEST_CASE("invalid UTF-8 is refused with its byte offset") {
  for (const char* bytes : {"\xFF", "\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xED\xBF\xBF",
                            "\xF0\x80\x80\xAF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFE"})
    CHECK(code_of("\"" + std::string(bytes) + "\"") == "json_encoding");
  const Result<Json> result = parse_json("[\"a\", \"\xFF\"]");
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "not valid UTF-8 at byte 7");
}

TEST_CASE("escaped surrogates are accepted in pairs only") {
  CHECK(*parsed("\"\\uD83D\\uDE00\"").as_string() == "\xF0\x9F\x98\x80");
  for (const char* text : {"\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\uD800\"", "\"\\uDC00\\uD800\"", "\"\\uD800x\"",
                           "\"\\ud800\\n\"", "\"\\uD800", "[\"\\uD8"})
    CHECK_MESSAGE(code_of(text) != "accepted", text);
  CHECK(code_of("\"\\uD800\"") == "json_encoding");
  CHECK(*parsed("\"\\\\uD800\"").as_string() == "\\uD800");  // an escaped backslash, not an escaped surrogate
}

TEST_CASE("nesting is allowed to the limit and not beyond") {
  CHECK(code_of(nested(32)) == "accepted");
  CHECK(code_of(nested(33)) == "json_depth");
  CHECK(code_of(std::string(100'000, '[')) == "json_depth");
  std::string objects;
  for (int i = 0; i < 33; ++i) objects += "{\"a\":";
  CHECK(code_of(objects) == "json_depth");
}

TEST_CASE("duplicate keys are refused and named, also when spelled with an escape") {
  const Result<Json> result = parse_json("{\"a\":1,\"\\u0061\":2}");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == "json_duplicate_key");
  CHECK(result.error().message.find("\"a\"") != std::string::npos);
  CHECK(code_of("{\"a\":{\"b\":1},\"c\":{\"b\":1,\"b\":2}}") == "json_duplicate_key");
  CHECK(code_of("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}") == "accepted");
}

TEST_CASE("duplicate keys are found in objects of every size") {
  for (const int members : {2, 15, 16, 17, 18, 500}) {
    std::string text = "{";
    for (int i = 0; i < members; ++i) text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    CHECK(code_of(text + "\"other\":0}") == "accepted");
    CHECK(code_of(text + "\"k0\":0}") == "json_duplicate_key");
    CHECK(code_of(text + "\"k" + std::to_string(members - 1) + "\":0}") == "json_duplicate_key");
  }
}

TEST_CASE("an object of 50,000 members is read in order") {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i)
    text += (i > 0 ? ",\"token" : "\"token") + std::to_string(i) + "\":" + std::to_string(i);
  const Json vocabulary = parsed(text + "}");
  REQUIRE(vocabulary.as_object()->size() == 50'000);
  CHECK(vocabulary.as_object()->back().first == "token49999");
}

TEST_CASE("the limits on bytes, values and strings are met exactly") {
  CHECK(code_of("[1,2]", {.max_bytes = 5}) == "accepted");
  CHECK(code_of("[1,2]", {.max_bytes = 4}) == "json_too_large");
  CHECK(code_of("[1,2]", {.max_values = 3}) == "accepted");
  CHECK(code_of("[1,2]", {.max_values = 2}) == "json_too_large");
  CHECK(code_of("[1,\"abcd\"]", {.max_string_bytes = 4}) == "accepted");
  CHECK(code_of("[1,\"abcd\"]", {.max_string_bytes = 3}) == "json_string_length");
  CHECK(code_of("[1,\"ab\\\"d\"]", {.max_string_bytes = 4}) == "json_string_length");
}

TEST_CASE("the message of a syntax error has the offset of the byte at fault") {
  const Result<Json> result = parse_json("{\"a\": x}");
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "not valid JSON at byte 6");
}

TEST_CASE("members are found, set and replaced by key") {
  Json object;
  object.set("b", 1).set("a", "two").set("b", Json::Array{true, nullptr, 2.5});
  CHECK(object.dump() == "{\"b\":[true,null,2.5],\"a\":\"two\"}");
  CHECK(object.find("a")->as_string() != nullptr);
  CHECK(object.find("c") == nullptr);
  CHECK(Json(1).find("a") == nullptr);
}

TEST_CASE("text of any kind survives writing and reading") {
  const std::string text =
      "quote \" slash / backslash \\ line\n tab\t nul \0 bell \a del \x7f \xC3\xA9 \xF0\x9F\x98\x80"s;
  CHECK(*parsed(Json(text).dump()).as_string() == text);
  CHECK(*parsed(Json("bad \xFF byte").dump()).as_string() == "bad \xEF\xBF\xBD byte");
}

TEST_CASE("a double that is not finite is written as null") {
  CHECK(Json(std::numeric_limits<double>::infinity()).dump() == "null");
  CHECK(Json(std::numeric_limits<double>::quiet_NaN()).dump() == "null");
}

TEST_CASE("pretty text reads back equal and empty containers stay on one line") {
  const Json value = parsed("{\"a\":[1,{\"b\":[]}],\"c\":{}}");
  CHECK(value.dump(2) == "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
  CHECK(parsed(value.dump(2)) == value);
}

TEST_CASE("a member's text is empty where there is none, and where it is no string") {
  const Json value = parsed(R"({"name": "nano", "steps": 20, "nothing": null})");
  CHECK(value.text("name") == "nano");
  CHECK(value.text("steps").empty());
  CHECK(value.text("nothing").empty());
  CHECK(value.text("absent").empty());
  CHECK(Json(7).text("name").empty());
}
