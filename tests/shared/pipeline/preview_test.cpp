#include "shared/pipeline/preview.h"

#include <doctest/doctest.h>

#include "shared/base/error.h"

using namespace palimpsest;

namespace {

Json factors_json(std::size_t rows, Json first_value) {
  Json::Array matrix(rows, Json(Json::Array{Json(0.0), Json(0.0), Json(0.0)}));
  if (rows > 0) matrix[0] = Json(Json::Array{std::move(first_value), Json(0.0), Json(0.0)});
  Json json;
  json.set("latent_rgb_factors", Json(matrix));
  json.set("latent_rgb_bias", Json(Json::Array{Json(0.0), Json(-1.0), Json(1)}));
  return json;
}

}  // namespace

TEST_CASE("latents of zero show the bias") {
  const Image image = preview({2, 4, 16, std::vector<float>(2 * 4 * 16)}, flux_preview_factors());
  CHECK(image.size() == ImageSize{4, 2});
  CHECK(image.row(1)[9] == 131);   // (1 + .0246)·127.5
  CHECK(image.row(1)[10] == 127);  // (1 - .0069)·127.5
}

TEST_CASE("a checkpoint's own factors are used, in rows of channels") {
  const PreviewFactors factors = read_preview_factors(factors_json(16, Json(0.5)));
  std::vector<float> values(16);
  values[0] = 2.0F;
  values[1] = 9.0F;
  CHECK(preview({1, 1, 16, values}, factors).pixels == std::vector<std::uint8_t>{255, 0, 255});
  values[0] = -100.0F;
  CHECK(preview({1, 1, 16, values}, factors).pixels[0] == 0);
}

TEST_CASE("without factors of its own a checkpoint gets FLUX.1's") {
  CHECK(read_preview_factors(Json{}).bias == flux_preview_factors().bias);
}

TEST_CASE("malformed factors are refused") {
  CHECK_THROWS_AS(read_preview_factors(factors_json(15, Json(0.5))), PalimpsestError);
  CHECK_THROWS_AS(read_preview_factors(factors_json(16, Json("a"))), PalimpsestError);
  CHECK_THROWS_AS(read_preview_factors(factors_json(16, Json(1e9))), PalimpsestError);
  Json no_bias;
  no_bias.set("latent_rgb_factors", *factors_json(16, Json(0.5)).find("latent_rgb_factors"));
  CHECK_THROWS_AS(read_preview_factors(no_bias), PalimpsestError);
  CHECK_THROWS_AS(preview({1, 1, 4, std::vector<float>(4)}, flux_preview_factors()), PalimpsestError);
}

TEST_CASE("the clean estimate goes back along the velocity by the whole remaining time") {
  const std::vector<float> x = {1, 2}, v = {4, -4};
  CHECK(clean_estimate(x, v, 0.25F) == std::vector<float>{0, 3});
}
