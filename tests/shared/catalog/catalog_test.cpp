#include "shared/catalog/catalog.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace palimpsest;

namespace {

// The catalogue's text with one part replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string text(built_in_catalog_text());
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

std::string problem_of(const std::string& text) {
  const Result<Catalog> catalog = Catalog::parse(text);
  return catalog ? "" : catalog.error().message;
}

}  // namespace

TEST_CASE("the catalogue in the program is whole") {
  REQUIRE(problem_of(std::string(built_in_catalog_text())).empty());
  const Catalog& catalog = built_in_catalog();
  CHECK(catalog.groups() ==
        std::vector<std::string>{"Core", "Size & Layout", "Media Inputs", "Output & Format", "Additional"});
  const Model* model = catalog.find_model("flux-kontext-max");
  REQUIRE(model != nullptr);
  CHECK(model->id == "flux.1-kontext-max");
  CHECK(model->max_width == 2048);
  CHECK(model->max_input_images == 1);
  for (const char* key : {"fal/flux.1-kontext-max", "fal/flux.1-kontext-max-edit", "fireworks/flux.1-kontext-max",
                          "replicate/flux.1-kontext-max", "bfl/flux.1-kontext-max"}) {
    const auto found = std::find_if(model->providers.begin(), model->providers.end(),
                                    [key](const ProviderModel& endpoint) { return endpoint.key == key; });
    REQUIRE(found != model->providers.end());
    CHECK(found->price_micros_usd == 80'000);
    CHECK(found->source.rfind("https://", 0) == 0);
  }
}

TEST_CASE("every hosted provider of the catalogue says how it is spoken to") {
  for (const Provider& provider : built_in_catalog().providers()) {
    if (provider.dialect == "local") continue;
    CAPTURE(provider.id);
    CHECK(provider.patience_s > 0);
    CHECK(provider.max_active_calls > 0);
    CHECK_FALSE(provider.moderation_words.empty());
    CHECK(provider.submit_path.empty() == (provider.dialect == "openai"));
    CHECK((provider.key_prefix.empty() || provider.key_prefix.back() == ' '));
  }
  const Provider* fal = built_in_catalog().find_provider("fal");
  CHECK(fal->key_prefix == "Key ");
  CHECK(fal->api_domains == std::vector<std::string>{"fal.run"});
  CHECK(fal->unpaid_statuses == std::vector<std::int64_t>{500, 503});
  const Parameter* safety = built_in_catalog().find_parameter("safety_tolerance");
  CHECK(safety->support_of("replicate")->as == "integer");
  CHECK(safety->support_of("replicate")->edit_maximum == 2);
  CHECK_FALSE(safety->support_of("bfl")->edit_maximum.has_value());
  CHECK(built_in_catalog().find_parameter("output_format")->support_of("fal")->fixed == "png");
  CHECK(built_in_catalog().find_parameter("mask")->decisive);
}

TEST_CASE("every parameter of the catalogue says enough to be checked, shown and explained") {
  for (const Parameter& parameter : built_in_catalog().parameters()) {
    CAPTURE(parameter.name);
    CHECK_FALSE(parameter.modes.empty());
    CHECK(parameter.description.size() > 20);
    CHECK(parameter.description.back() == '.');
    const bool is_number = parameter.type == ParameterType::number ||
                           (parameter.type == ParameterType::integer && parameter.format.empty());
    CHECK(is_number == (parameter.minimum.has_value() && parameter.maximum.has_value()));
    const bool is_free_text = parameter.type == ParameterType::string && parameter.values.empty();
    CHECK(is_free_text == parameter.max_bytes.has_value());
    for (const ParameterSupport& support : parameter.support) {
      if (support.how == Handling::renamed) CHECK_FALSE(support.name.empty());
      if (support.how == Handling::ignored) CHECK_FALSE(support.note.empty());
    }
  }
}

TEST_CASE("a model is chosen by id, alias, provider's key, or either behind a provider") {
  const Catalog& catalog = built_in_catalog();
  struct Example {
    const char *name, *id, *provider, *endpoint;
  };
  for (const Example& example :
       {Example{"flux.1-kontext-max", "flux.1-kontext-max", "", ""},
        Example{"flux-kontext-max", "flux.1-kontext-max", "", ""},
        Example{"fal/flux.1-kontext-max", "flux.1-kontext-max", "fal", "fal/flux.1-kontext-max"},
        Example{"fal/flux.1-kontext-max-edit", "flux.1-kontext-max", "fal", "fal/flux.1-kontext-max-edit"},
        Example{"replicate/flux-kontext-max", "flux.1-kontext-max", "replicate", ""},
        Example{"local/kontext-nano", "kontext-nano", "local", "local/kontext-nano"},
        Example{"local/my folder", "local/my folder", "local", ""}}) {
    CAPTURE(example.name);
    const Result<ModelChoice> choice = catalog.choose_model(example.name);
    REQUIRE(choice);
    CHECK(choice->id == example.id);
    CHECK(choice->provider == example.provider);
    CHECK((choice->endpoint == nullptr ? "" : choice->endpoint->key) == example.endpoint);
  }
}

TEST_CASE("an unknown model is a 404 that names the nearest") {
  const Catalog& catalog = built_in_catalog();
  const Error error = catalog.choose_model("flux.1-kontex-max").error();
  CHECK(error.http_status == 404);
  CHECK(error.code == "model_not_found");
  CHECK(error.param == "model");
  CHECK(error.message == "The model `flux.1-kontex-max` does not exist; did you mean `flux.1-kontext-max`?");
  CHECK(catalog.choose_model("dall-e-3").error().message ==
        "The model `dall-e-3` does not exist; GET /v1/models lists those that do.");
  const std::vector<std::string> folders = {"local/portraits"};
  CHECK(catalog.choose_model("lokal/portraits", folders).error().message.find("`local/portraits`") !=
        std::string::npos);
}

TEST_CASE("names that lead out of the folder of models are unknown models") {
  for (const std::string name : {"local/", "local/..", "local/../x", "local/a/b", "local/a\\b", "local/.hidden",
                                 "local/\xff", "local/a\n", "replicate/kontext-nano", "fal/", "/", ""}) {
    CAPTURE(name);
    CHECK(built_in_catalog().choose_model(name).error().code == "model_not_found");
  }
}

TEST_CASE("a catalogue that contradicts itself is refused, with the thing") {
  CHECK(problem_of(changed("\"provider\": \"fal\"", "\"provider\": \"fall\"")) ==
        "fal/flux.1-kontext-max: unknown provider");
  CHECK(problem_of(changed("\"key\": \"fal/flux.1", "\"key\": \"bfl/flux.1")) ==
        "bfl/flux.1-kontext-max: does not begin with its provider");
  CHECK(problem_of(changed("\"aliases\": [\"flux-kontext-dev\"]", "\"aliases\": [\"flux-kontext-max\"]")) ==
        "the name flux-kontext-max occurs twice");
  CHECK(problem_of(changed("\"dialect\": \"bfl\"", "\"dialect\": \"bfm\"")) == "bfl: unknown dialect");
  CHECK(problem_of(changed("\"key_header\": \"x-key\"", "\"key_header\": \"\"")) ==
        "bfl: does not say where its key comes from and goes");
  CHECK(problem_of(changed("https://api.bfl.ai", "http://api.bfl.ai")) ==
        "bfl: base_url must begin with https:// and lie in api_domains");
  CHECK(problem_of(changed("\"unpaid_statuses\": [500", "\"unpaid_statuses\": [\"500\"")) ==
        "/providers/1/unpaid_statuses/0: an integer is needed");
  CHECK(problem_of(changed("\"group\": \"Core\"", "\"group\": \"Centre\"")) == "prompt: unknown group");
  CHECK(problem_of(changed("\"fal\": \"passed\", \"fireworks\"", "\"fireworks\"")) == "prompt: says nothing about fal");
  CHECK(problem_of(changed("\"default_model\": \"flux.1", "\"default_model\": \"flux.2")) ==
        "default_model is not a model");
  CHECK(problem_of(changed("\"min_side\": 256", "\"min_side\": 0")) == "/limits/min_side: a positive number is needed");
  CHECK(problem_of(changed("\"max_width\": 2048", "\"max_width\": \"2048\"")) ==
        "/models/0/max_width: an integer is needed");
  CHECK_FALSE(problem_of("[]").empty());
  CHECK_FALSE(problem_of("{").empty());
}

TEST_CASE("parameters are found by name and alias, and mistyped ones are recognised") {
  const Catalog& catalog = built_in_catalog();
  CHECK(catalog.find_parameter("guidance_scale")->name == "cfg_scale");
  CHECK(catalog.find_parameter("num_inference_steps")->name == "steps");
  CHECK(catalog.find_parameter("quality") == nullptr);
  CHECK(catalog.nearest_parameter("promt") == "prompt");
  CHECK(catalog.nearest_parameter("quality").empty());
}
