#include <algorithm>
#include <set>

#include "tests/web/page_fixture.h"

namespace palimpsest::testing {

TEST_CASE("a press and its release in the same moment start exactly one run") {
  PageFixture page;
  page.connect();
  page.type("prompt", "a red house");
  const std::size_t calls = page.platform.calls.size();
  page.click("submit");
  CHECK(page.app.state().runs.size() == 1);
  CHECK(page.platform.calls.size() == calls + 1);
}

TEST_CASE("a button works from the keyboard and the screen reader as well") {
  PageFixture page;
  page.connect();
  page.type("prompt", "a red house");
  page.platform.events.push_back(FieldPressed{"submit"});
  page.frame();
  CHECK(page.app.state().runs.size() == 1);
}

TEST_CASE("the form has a control for every parameter of the mode that the page leaves to the visitor") {
  PageFixture page;
  page.connect();
  for (const Mode mode : {Mode::generate, Mode::edit}) {
    page.app.apply(Action(SetMode{mode}));
    page.size = {1440, 4000};  // nothing is scrolled out
    page.settle();
    CHECK((page.field("param.strength") != nullptr) == (mode == Mode::edit));
    CHECK(page.field("param.steps")->kind == Field::Kind::slider);
    CHECK(page.field("param.seed") != nullptr);
    CHECK(page.field("param.size") != nullptr);
    CHECK(page.field("param.output_format")->kind == Field::Kind::choice);
    CHECK((page.field("browse.image") != nullptr) == (mode == Mode::edit));
    CHECK((page.field("param.fit") != nullptr) == (mode == Mode::edit));
  }
}

TEST_CASE("a parameter that only the server knows gets a control and is sent") {
  PageFixture page;
  page.connect();
  page.app.apply(Event(SchemaRead{"flux.1-kontext-max",
                                  *parse_schema(*parse_json(R"({"parameters": [
      {"name": "prompt", "type": "string", "group": "Core", "modes": ["generate"], "required": true, "multiline": true,
       "description": "Text.", "support": {}},
      {"name": "grain", "type": "string", "group": "Film", "modes": ["generate"], "values": ["fine", "coarse"],
       "description": "Grain.", "support": {}}]})")),
                                  {"Core"}}));
  page.settle();
  REQUIRE(page.field("param.grain") != nullptr);
  CHECK(page.field("param.seed") == nullptr);
  page.type("param.grain", "coarse");
  page.type("prompt", "a red house");
  page.click("submit");
  CHECK(page.platform.calls.back().body.find("\"grain\":\"coarse\"") != std::string::npos);
}

TEST_CASE("an empty prompt is only complained about once Generate was pressed") {
  PageFixture page;
  page.connect();
  CHECK_FALSE(page.field("prompt")->is_wrong);
  page.click("submit");
  CHECK(page.field("prompt")->is_wrong);
  CHECK(page.app.state().runs.empty());
  page.type("prompt", "a red house");
  CHECK_FALSE(page.field("prompt")->is_wrong);
}

TEST_CASE("a value out of range is marked at its field before anything is sent") {
  PageFixture page;
  page.connect();
  page.type("prompt", "a red house");
  page.type("param.seed", "18446744073709551616");
  page.frame();
  CHECK(page.field("param.seed")->is_wrong);
  page.click("submit");
  CHECK(page.app.state().runs.empty());
}

TEST_CASE("the code shown is the request that is sent") {
  PageFixture page;
  page.connect();
  page.type("prompt", "a red house");
  page.click("side.Code");
  REQUIRE(page.field("code") != nullptr);
  const std::string code = page.field("code")->text;
  page.click("submit");
  CHECK(code.find(page.platform.calls.back().body) != std::string::npos);
  page.click("copy_code");
  CHECK(page.platform.copied == code);
}

TEST_CASE("every control lies on the screen and names itself, at the width of a phone and of a desk") {
  for (const ImVec2 size : {ImVec2(390, 844), ImVec2(800, 600), ImVec2(1440, 900)}) {
    PageFixture page;
    page.size = size;
    page.connect();
    page.give_picture();
    std::set<std::string> ids;
    for (const Field& field : page.fields) {
      CAPTURE(size.x);
      CAPTURE(field.id);
      CHECK(ids.insert(field.id).second);
      if (field.kind == Field::Kind::status) continue;
      CHECK_FALSE(field.label.empty());
      CHECK(field.x >= 0);
      CHECK(field.x + field.width <= size.x);
      CHECK(field.width >= 24);
    }
  }
}

TEST_CASE("text in the page's fields comes back into the form byte for byte") {
  PageFixture page;
  page.connect();
  const std::string text = "日本 \"quoted\"\nand a second line";
  page.type("prompt", text);
  CHECK(page.app.state().form.values.at("prompt") == text);
  page.frame();
  CHECK(page.field("prompt")->text == text);
}

TEST_CASE("dragging the divider moves it, dragging elsewhere moves the picture") {
  PageFixture page;
  page.connect();
  page.give_picture();
  page.type("prompt", "make it night");
  page.click("submit");
  page.answer(200, "text/event-stream", completed("image_edit"));
  page.decode(640, 480);
  const Field* compare = page.field("compare");
  REQUIRE(compare != nullptr);
  const float middle = 373 + (1440 - 373 - 341) / 2.0F;
  const auto drag = [&](float from, float to) {
    page.pointer.mouse_moved(from, 300);
    page.pointer.mouse_pressed(true);
    page.settle();
    page.pointer.mouse_moved(to, 300);
    page.pointer.mouse_pressed(false);
    page.settle();
  };
  drag(middle, middle + 100);
  CHECK(page.app.state().view.divider > 0.6);
  CHECK(page.app.state().view.zoom == 0);
  const double divider = page.app.state().view.divider;
  drag(middle - 100, middle - 150);
  CHECK(page.app.state().view.divider == divider);
  CHECK(page.app.state().view.center_x > 0.5);
}

}  // namespace palimpsest::testing
