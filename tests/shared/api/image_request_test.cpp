#include "shared/api/image_request.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace palimpsest;

namespace {

ImageRequest valid_request() {
  ImageRequest request;
  request.prompt = "a red house";
  return request;
}

// The one problem of a request that differs from a valid one in one thing.
Error only_problem(const ImageRequest& request) {
  const std::vector<Error> problems = validate(request);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].code == "invalid_value");
  CHECK(problems[0].http_status == 400);
  return problems[0];
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a prompt alone is a valid request, and so is an edit with everything set") {
  CHECK(validate(valid_request()).empty());
  ImageRequest edit = valid_request();
  edit.images = {Image({5, 900}, 4)};
  edit.size = ImageSize{2048, 256};
  edit.n = 10;
  edit.seed = std::numeric_limits<std::uint64_t>::max();
  edit.steps = 100;
  edit.guidance = 0.0;
  edit.true_cfg_scale = 100;
  CHECK(validate(edit).empty());
}

TEST_CASE("an empty or blank prompt is refused") {
  ImageRequest request = valid_request();
  for (const char* prompt : {"", " ", "\n\t "}) {
    request.prompt = prompt;
    CHECK(only_problem(request).param == "prompt");
  }
}

TEST_CASE("texts that are too long or not UTF-8 are refused with the number") {
  ImageRequest request = valid_request();
  request.prompt = std::string(32'001, 'a');
  CHECK(contains(only_problem(request).message, "32000"));
  request.prompt = "ab\xff";
  CHECK(contains(only_problem(request).message, "byte 2"));
  request = valid_request();
  request.negative_prompt = "\xc0\x80";
  CHECK(only_problem(request).param == "negative_prompt");
}

TEST_CASE("a size must be in range and a multiple of 16, and the message has side and limit") {
  ImageRequest request = valid_request();
  request.size = ImageSize{1000, 1024};
  CHECK(only_problem(request).message == "size has the width 1000; a multiple of 16 is needed");
  request.size = ImageSize{1024, 240};
  CHECK(only_problem(request).message == "size has the height 240; from 256 to 2048 pixels are possible");
  request.size = ImageSize{1024, 2064};
  CHECK(only_problem(request).param == "size");
  request.size = ImageSize{-2147483647 - 1, 0};
  CHECK(validate(request).size() == 2);
}

TEST_CASE("a checkpoint's own limits replace the usual ones") {
  ImageRequest request = valid_request();
  request.size = ImageSize{128, 128};
  RequestLimits limits;
  limits.min_side = 128;
  CHECK(validate(request, limits).empty());
  CHECK(validate(request).size() == 2);
}

TEST_CASE("counts outside of their range are refused") {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{101}, std::numeric_limits<std::int64_t>::max()}) {
    ImageRequest request = valid_request();
    request.n = value;
    CHECK(only_problem(request).param == "n");
    request = valid_request();
    request.steps = value;
    CHECK(only_problem(request).param == "steps");
  }
}

TEST_CASE("scales outside of their range or not finite are refused") {
  for (const double value : {-0.1, 100.5, std::nan(""), std::numeric_limits<double>::infinity()}) {
    ImageRequest request = valid_request();
    request.guidance = value;
    CHECK(only_problem(request).param == "cfg_scale");
    request = valid_request();
    request.true_cfg_scale = value;
    CHECK(only_problem(request).param == "true_cfg_scale");
  }
}

TEST_CASE("too many, too large or damaged pictures are refused, and the message counts from one") {
  ImageRequest request = valid_request();
  request.images.assign(5, Image({8, 8}, 3));
  CHECK(only_problem(request).param == "image");
  request.images = {Image({8, 8}, 3), Image{}};
  CHECK(contains(only_problem(request).message, "number 2"));
  request.images = {Image({8, 8}, 3)};
  RequestLimits limits;
  limits.max_image_pixels = 63;
  CHECK(validate(request, limits).size() == 1);
}

TEST_CASE("every problem is reported at once") {
  ImageRequest request;
  request.n = 0;
  request.steps = 1000;
  request.guidance = -1;
  request.size = ImageSize{1, 1};
  std::vector<std::string> params;
  for (const Error& problem : validate(request)) params.push_back(problem.param);
  std::sort(params.begin(), params.end());
  CHECK(params == std::vector<std::string>{"cfg_scale", "n", "prompt", "size", "size", "steps"});
}
