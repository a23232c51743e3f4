#include "shared/pipeline/schedule.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/base/error.h"
#include "tests/support/close_to.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;

namespace {

ScheduleConfig unshifted() {
  ScheduleConfig config;
  config.use_dynamic_shifting = false;
  return config;
}

ScheduleConfig read(const std::string& text) {
  return read_schedule_config(parse_json(text).value_or_throw());
}

}  // namespace

TEST_CASE("times are the reference's, shifted by the tokens or not at all") {
  const GoldenFile file("schedule.safetensors");
  int checked = 0;
  for (const std::string& name : file.source().names()) {
    CAPTURE(name);
    const std::size_t first = name.find('.'), last = name.rfind('.');
    if (name.rfind("mu.", 0) == 0) {
      CHECK(shift_mu({}, std::stoll(name.substr(3))) == doctest::Approx(file.values<double>(name)[0]).epsilon(1e-12));
      continue;
    }
    const int steps = std::stoi(name.substr(last + 1));
    const bool shifted = first != last;
    const std::int64_t tokens = shifted ? std::stoll(name.substr(first + 1, last - first - 1)) : 4096;
    check_close(sampling_times(shifted ? ScheduleConfig{} : unshifted(), steps, tokens), file.floats(name), 2e-6);
    ++checked;
  }
  CHECK(checked == 56);
}

TEST_CASE("times fall from exactly 1 to exactly 0") {
  for (const int steps : {1, 3, 100}) {
    for (const std::int64_t tokens : {1, 64, 4096, 16384}) {
      const std::vector<float> times = sampling_times({}, steps, tokens);
      REQUIRE(times.size() == static_cast<std::size_t>(steps) + 1);
      CHECK(times.front() == 1.0F);
      CHECK(times.back() == 0.0F);
      for (std::size_t i = 1; i < times.size(); ++i) CHECK(times[i] < times[i - 1]);
    }
  }
}

TEST_CASE("a fixed shift is applied where shifting is not dynamic") {
  ScheduleConfig config = unshifted();
  config.shift = 3.0;
  CHECK(sampling_times(config, 2, 4096)[1] == doctest::Approx(3.0 * 0.5 / (1 + (3.0 - 1) * 0.5)));
}

TEST_CASE("a scheduler's configuration is read, and what is absent is the reference's") {
  const ScheduleConfig dev = read(R"({"use_dynamic_shifting": true, "shift": 3.0, "base_shift": 0.25})");
  CHECK(dev.use_dynamic_shifting);
  CHECK(dev.base_shift == 0.25);
  CHECK(dev.max_shift == 1.15);
  CHECK_FALSE(read(R"({"use_dynamic_shifting": false, "shift": 1.0})").use_dynamic_shifting);
}

TEST_CASE("a malformed scheduler configuration is refused, naming the member") {
  for (const auto& example : {std::pair(R"([])", "object"),
                              {R"({"use_dynamic_shifting": 1})", "use_dynamic_shifting"},
                              {R"({"base_shift": "x"})", "base_shift"},
                              {R"({"max_shift": 1e300})", "max_shift"},
                              {R"({"shift": 0})", "shift"},
                              {R"({"base_image_seq_len": 0})", "base_image_seq_len"},
                              {R"({"max_image_seq_len": 256})", "max_image_seq_len"},
                              {R"({"max_image_seq_len": 4096.5})", "max_image_seq_len"}}) {
    const std::string text = example.first;
    CAPTURE(text);
    try {
      read(text);
      FAIL("accepted");
    } catch (const PalimpsestError& error) {
      CHECK(error.error().code == "CONFIG_INVALID");
      CHECK(error.error().message.find(example.second) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(sampling_times({}, 0, 64), PalimpsestError);
}
