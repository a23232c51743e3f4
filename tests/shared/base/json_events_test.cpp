#include "shared/base/json_events.h"

#include <doctest/doctest.h>

#include <ostream>

using namespace palimpsest;

namespace {

/// Writes down what it is told, and stops after a number of events.
class Recorder final : public JsonEvents {
 public:
  explicit Recorder(int stop_after = 1000) : left_(stop_after) {}

  bool begin_object(std::size_t offset) override { return note("{", offset); }
  bool key(std::string name, std::size_t offset) override { return note(name + ":", offset); }
  bool end_object(std::size_t offset) override { return note("}", offset); }
  bool begin_array(std::size_t offset) override { return note("[", offset); }
  bool end_array(std::size_t offset) override { return note("]", offset); }
  bool scalar(Json value, std::size_t offset) override { return note(value.dump(), offset); }

  std::string heard;

 private:
  bool note(const std::string& piece, std::size_t offset) {
    heard += piece + "@" + std::to_string(offset) + " ";
    return --left_ > 0;
  }

  int left_;
};

}  // namespace

TEST_CASE("events come in the order of the text with the offset behind each piece") {
  Recorder recorder;
  CHECK_FALSE(read_json_events("{\"a\":[true,\"x\"],\"b\":null}", {}, recorder));
  CHECK(recorder.heard == "{@1 a:@4 [@6 true@10 \"x\"@14 ]@15 b:@19 null@24 }@25 ");
}

TEST_CASE("a handler that has heard enough ends the reading without an error") {
  Recorder recorder(2);
  CHECK_FALSE(read_json_events("{\"a\":[1,2,3]} and then what is not JSON", {}, recorder));
  CHECK(recorder.heard == "{@1 a:@4 ");
}

TEST_CASE("duplicate keys are the handler's business") {
  Recorder recorder;
  CHECK_FALSE(read_json_events("{\"a\":1,\"a\":2}", {}, recorder));
}

TEST_CASE("limits hold for events as for values") {
  Recorder recorder;
  const auto problem = read_json_events("[[[]]]", {.max_depth = 2}, recorder);
  REQUIRE(problem);
  CHECK(problem->code == "json_depth");
  CHECK(recorder.heard == "[@1 [@2 ");
}
