#include "shared/pipeline/model_settings.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/base/error.h"

using namespace palimpsest;

namespace {

ModelSettings read(const std::string& palimpsest_json) {
  return read_model_settings(parse_json(palimpsest_json).value_or_throw(), {}, true);
}

std::string refusal(const std::string& palimpsest_json) {
  try {
    read(palimpsest_json);
  } catch (const PalimpsestError& problem) {
    CHECK(problem.error().code == "CONFIG_INVALID");
    return problem.error().message;
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a checkpoint that says nothing runs as Kontext, or as schnell without a guidance embedding") {
  const ModelSettings kontext = read_model_settings({}, {}, true);
  CHECK(kontext.steps == 28);
  CHECK(kontext.guidance == 2.5);
  CHECK(kontext.text_tokens == 512);
  CHECK(kontext.schedule.use_dynamic_shifting);
  CHECK_FALSE(kontext.native_size);

  const ModelSettings schnell = read_model_settings({}, {}, false);
  CHECK(schnell.steps == 4);
  CHECK(schnell.text_tokens == 256);
  CHECK_FALSE(schnell.schedule.use_dynamic_shifting);
}

TEST_CASE("a checkpoint's own settings win, null leaves the reference's") {
  const ModelSettings settings = read(R"({"default_steps": 20, "default_guidance": null, "native_size": [128, 64],
                                          "max_text_tokens": 64, "name": "x"})");
  CHECK(settings.steps == 20);
  CHECK(settings.guidance == 2.5);
  CHECK(settings.native_size == ImageSize{128, 64});
  CHECK(settings.text_tokens == 64);
  CHECK(read(R"({"default_guidance": 4})").guidance == 4);
}

TEST_CASE("the schedule of a checkpoint without guidance embedding is read where there is one") {
  const Json scheduler = parse_json(R"({"use_dynamic_shifting": true})").value_or_throw();
  CHECK(read_model_settings({}, scheduler, false).schedule.use_dynamic_shifting);
}

TEST_CASE("settings of a wrong type or out of range are refused by name") {
  CHECK(contains(refusal("[]"), "not a JSON object"));
  CHECK(contains(refusal(R"({"default_steps": 0})"), "default_steps is not a whole number from 1 to 100"));
  CHECK(contains(refusal(R"({"default_steps": 2.0})"), "default_steps"));
  CHECK(contains(refusal(R"({"max_text_tokens": 100000})"), "max_text_tokens is not a whole number from 1 to 512"));
  CHECK(contains(refusal(R"({"default_guidance": -1})"), "default_guidance is not a number from 0 to 100"));
  CHECK(contains(refusal(R"({"native_size": 128})"), "native_size is not [width, height]"));
  CHECK(contains(refusal(R"({"native_size": [128, 120]})"), "multiple of 16"));
  CHECK(contains(refusal(R"({"native_size": [128, 100000]})"), "up to 2048"));
}
