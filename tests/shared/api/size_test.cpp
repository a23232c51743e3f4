#include "shared/api/size.h"

#include <doctest/doctest.h>

#include "tests/support/golden_file.h"

using namespace palimpsest;

namespace {

ImageSize size_from(const Json& pair) {
  std::int64_t width = 0, height = 0;
  REQUIRE(pair.is_array());
  REQUIRE((*pair.as_array())[0].to_int64(width));
  REQUIRE((*pair.as_array())[1].to_int64(height));
  return {static_cast<int>(width), static_cast<int>(height)};
}

ImageRequest edit_of(ImageSize size) {
  ImageRequest request;
  request.prompt = "make it blue";
  Image image;  // a plan looks at the size alone
  image.width = size.width;
  image.height = size.height;
  request.images = {image};
  return request;
}

}  // namespace

TEST_CASE("references and results get the sizes of the reference implementation") {
  const Json cases = read_golden_json("kontext_sizes.json");
  REQUIRE(cases.as_array()->size() == 20);
  for (const Json& one : *cases.as_array()) {
    const SizePlan plan = plan_sizes(edit_of(size_from(*one.find("input"))), std::nullopt);
    CAPTURE(plan.to_string());
    CHECK(plan.references[0].to == size_from(*one.find("reference")));
    CHECK(plan.render == size_from(*one.find("output")));
    CHECK(plan.output == plan.render);
    std::int64_t tokens = 0;
    REQUIRE(one.find("ref_tokens")->to_int64(tokens));
    CHECK(plan.references[0].to.width / 16 * (plan.references[0].to.height / 16) == tokens);
  }
}

TEST_CASE("aspect ratios become the sizes of the reference implementation") {
  const Json cases = read_golden_json("aspect_ratio.json");
  for (const Json::Member& member : *cases.as_object()) {
    const std::string& ratio = member.first;
    CAPTURE(ratio);
    const std::size_t colon = ratio.find(':');
    const double width = std::stod(ratio.substr(0, colon)), height = std::stod(ratio.substr(colon + 1));
    CHECK(size_of_ratio(width, height) == size_from(member.second));
  }
}

TEST_CASE("extreme ratios stay within the limits and on multiples of 16") {
  CHECK(size_of_ratio(1000, 1) == ImageSize{2048, 256});
  CHECK(size_of_ratio(1, 1e9) == ImageSize{256, 2048});
}

TEST_CASE("every size of the list is its own nearest, and all are multiples of 16 of about a million pixels") {
  for (const ImageSize size : kontext_sizes()) {
    CHECK(nearest_in_ratio(size, kontext_sizes()) == size);
    CHECK(size.width % 16 == 0);
    CHECK(size.height % 16 == 0);
    CHECK(size.width * size.height == doctest::Approx(1024 * 1024).epsilon(0.02));
  }
}

TEST_CASE("of two equally near sizes the narrower one is taken") {
  const ImageSize sizes[] = {{16, 32}, {48, 32}};
  CHECK(nearest_in_ratio({32, 32}, sizes) == sizes[0]);
}

TEST_CASE("text to image is drawn at 1024x1024 unless a size is asked for") {
  ImageRequest request;
  CHECK(plan_sizes(request, std::nullopt).output == ImageSize{1024, 1024});
  request.size = ImageSize{640, 320};
  CHECK(plan_sizes(request, std::nullopt).render == ImageSize{640, 320});
}

TEST_CASE("an edit has the size asked for and its reference still the preferred one") {
  ImageRequest request = edit_of({1920, 1080});
  request.size = ImageSize{512, 512};
  request.fit = Fit::crop;
  const SizePlan plan = plan_sizes(request, std::nullopt);
  CHECK(plan.references[0].to == ImageSize{1392, 752});
  CHECK(plan.to_string() == "reference 1920x1080 to 1392x752 (crop); drawn at 512x512");
}

TEST_CASE("a checkpoint with a native size draws that size, and the result is scaled") {
  ImageRequest request = edit_of({1920, 1080});
  const SizePlan automatic = plan_sizes(request, ImageSize{128, 128});
  CHECK(automatic.references[0].to == ImageSize{128, 128});
  CHECK(automatic.output == ImageSize{128, 128});
  CHECK_FALSE(automatic.is_scaled());
  request.size = ImageSize{1024, 768};
  const SizePlan scaled = plan_sizes(request, ImageSize{128, 128});
  CHECK(scaled.render == ImageSize{128, 128});
  CHECK(scaled.output == ImageSize{1024, 768});
  CHECK(scaled.is_scaled());
}
