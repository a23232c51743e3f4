#include "shared/api/form.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace palimpsest;

namespace {

std::vector<FormGroup> form(Mode mode, const char* provider = "local") {
  const Catalog& catalog = built_in_catalog();
  return build_form(catalog.parameters(), catalog.groups(), mode, provider);
}

const FormEntry* find(const std::vector<FormGroup>& groups, const std::string& name) {
  for (const FormGroup& group : groups) {
    for (const FormEntry& entry : group.entries) {
      if (entry.parameter.name == name) return &entry;
    }
  }
  return nullptr;
}

}  // namespace

TEST_CASE("the form has the catalogue's groups in order, without those that a mode does not need") {
  std::vector<std::string> names;
  for (const FormGroup& group : form(Mode::edit)) names.push_back(group.name);
  CHECK(names == built_in_catalog().groups());
  names.clear();
  for (const FormGroup& group : form(Mode::generate)) names.push_back(group.name);
  CHECK(names == std::vector<std::string>{"Core", "Size & Layout", "Output & Format", "Additional"});
}

TEST_CASE("each parameter gets the widget of its kind, with what it takes and its default") {
  const auto groups = form(Mode::edit);
  CHECK(find(groups, "prompt")->widget == Widget::paragraph);
  CHECK(find(groups, "seed")->widget == Widget::seed);
  CHECK(find(groups, "n")->widget == Widget::whole_number);
  CHECK(find(groups, "strength")->widget == Widget::number);
  CHECK(find(groups, "sync_mode")->widget == Widget::checkbox);
  CHECK(find(groups, "output_format")->widget == Widget::choice);
  CHECK(find(groups, "image")->widget == Widget::picture);
  CHECK(find(groups, "loras")->widget == Widget::list);
  CHECK(find(groups, "size")->widget == Widget::line);
  CHECK(find(groups, "negative_prompt")->label == "Negative prompt");
  CHECK(find(groups, "n")->hint == "a whole number from 1 to 10; by default 1");
  CHECK(find(form(Mode::generate), "strength") == nullptr);
}

TEST_CASE("the form says how the provider honours each parameter") {
  CHECK(find(form(Mode::edit, "fal"), "mask")->handling == Handling::ignored);
  CHECK(find(form(Mode::edit, "fal"), "mask")->handling_note == "this model has no mask there");
  CHECK(find(form(Mode::edit, "local"), "mask")->handling == Handling::passed);
  CHECK(find(form(Mode::edit, ""), "mask")->handling_note.empty());
}

TEST_CASE("a group that the list does not name comes last") {
  Parameter parameter;
  parameter.name = "novelty";
  parameter.group = "New";
  parameter.modes = {Mode::edit};
  const std::vector<std::string> groups = {"Core"};
  const auto built = build_form(std::vector<Parameter>{parameter}, groups, Mode::edit, "");
  REQUIRE(built.size() == 1);
  CHECK(built[0].name == "New");
}

TEST_CASE("the command line has an option for each parameter that is not HTTP's alone") {
  const auto options = cli_options(built_in_catalog().parameters(), Mode::edit);
  const auto option = [&](const std::string& name) {
    const auto found =
        std::find_if(options.begin(), options.end(), [&](const CliOption& item) { return item.parameter == name; });
    return found == options.end() ? CliOption{} : *found;
  };
  CHECK(option("true_cfg_scale").flag == "--true-cfg-scale");
  CHECK(option("true_cfg_scale").value_name == "NUMBER");
  CHECK(option("enhance_prompt").value_name.empty());
  CHECK(option("size").value_name == "SIZE");
  CHECK(option("n").description ==
        "How many pictures; picture i has the seed plus i. Takes a whole number from 1 to 10; by default 1.");
  for (const char* name : {"prompt", "image", "stream", "model", "response_format"}) CHECK(option(name).flag.empty());
}

TEST_CASE("help lines are no wider than a hundred columns and begin in one column") {
  const auto lines = cli_help_lines(cli_options(built_in_catalog().parameters(), Mode::edit));
  CHECK(lines.size() > 30);
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(line.size() <= 100);
    CHECK(line.back() != ' ');
  }
  CHECK(
      std::find(lines.begin(), lines.end(),
                "  --n INTEGER                     How many pictures; picture i has the seed plus i. Takes a whole") !=
      lines.end());
}
