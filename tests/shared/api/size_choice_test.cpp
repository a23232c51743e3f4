#include "shared/api/size_choice.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/api/size.h"

using namespace palimpsest;

TEST_CASE("ratios are read in lowest terms, with decimals") {
  CHECK(parse_aspect_ratio("16:9")->to_string() == "16:9");
  CHECK(parse_aspect_ratio("1920:1080")->to_string() == "16:9");
  CHECK(parse_aspect_ratio("1.85:1")->to_string() == "37:20");
  CHECK(parse_aspect_ratio("0.5:2")->to_string() == "1:4");
  CHECK(parse_aspect_ratio("99999.999:1")->to_string() == "99999999:1000");
}

TEST_CASE("what is no ratio is refused") {
  for (const char* text :
       {"",     ":",    "16",    "16:",   ":9",   "16:9:1", "16x9",     "0:1",      "1:0",   "-1:1",
        "+1:1", "1 :1", "16:9 ", "1e3:1", "1.:1", ".5:1",   "1.0001:1", "100000:1", "NaN:1", "auto"}) {
    CAPTURE(text);
    CHECK(parse_aspect_ratio(text).error().param == "aspect_ratio");
  }
}

TEST_CASE("a size is pixels, a ratio or auto") {
  CHECK(parse_size("1024x768")->size == ImageSize{1024, 768});
  CHECK_FALSE(parse_size("1024x768")->ratio);
  CHECK_FALSE(parse_size("auto")->size);
  CHECK(parse_size("16:9")->size == ImageSize{1392, 752});
  CHECK(parse_size("16:9")->ratio == AspectRatio{16, 9});
  for (const char* text :
       {"", "x", "1024", "1024x", "x768", "1024X768", "1024x768x3", "-1x1", " 1x1", "100000x1", "Auto"}) {
    CAPTURE(text);
    CHECK(parse_size(text).error().param == "size");
  }
}

TEST_CASE("every ratio goes to one of the sizes that the model was trained on") {
  const std::pair<const char*, ImageSize> examples[] = {
      {"1:1", {1024, 1024}},  {"4:3", {1184, 880}},  {"3:4", {880, 1184}},  {"3:2", {1248, 832}},
      {"2:3", {832, 1248}},   {"9:16", {752, 1392}}, {"21:9", {1568, 672}}, {"9:21", {672, 1568}},
      {"100:1", {1568, 672}}, {"1:100", {672, 1568}}};
  for (const auto& example : examples) {
    CAPTURE(example.first);
    CHECK(choice_of_ratio(*parse_aspect_ratio(example.first)).size == example.second);
  }
  CHECK(distortion(*parse_size("1:1")) == 0);
  CHECK(distortion(*parse_size("14:3")) == doctest::Approx(1));
  CHECK(distortion(*parse_size("1024x256")) == 0);
}

TEST_CASE("the nearest possible size has sides that are multiples within the limits") {
  CHECK(nearest_possible({1000, 1001}) == ImageSize{1008, 1008});
  CHECK(nearest_possible({1, 99999}) == ImageSize{256, 2048});
  CHECK(nearest_possible({1024, 1024}) == ImageSize{1024, 1024});
}
