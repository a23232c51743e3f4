#include "web/panels/ui.h"

namespace palimpsest {
namespace {

const char* const kGenerateExamples[] = {"a red house at night", "a blue circle on a yellow ground",
                                         "a green tree under a starry sky"};
const char* const kEditExamples[] = {"add a starry night sky", "make the house blue", "turn it into night"};

void examples(Ui& ui) {
  const auto& list = ui.state.form.mode == Mode::edit ? kEditExamples : kGenerateExamples;
  ImGui::AlignTextToFramePadding();
  ui.muted("Try");
  for (const char* example : list) {
    const float width = ImGui::CalcTextSize(example).x + 2 * ImGui::GetStyle().FramePadding.x;
    ImGui::SameLine();
    if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
    if (ui.button(std::string("example.") + example, example)) ui.act(SetValue{"prompt", example});
  }
}

}  // namespace

void prompt_panel(Ui& ui) {
  const bool is_edit = ui.state.form.mode == Mode::edit;
  const Problem* problem = ui.state.problem_of("prompt");
  const auto value = ui.state.form.values.find("prompt");
  Field prompt;
  prompt.id = "prompt";
  prompt.kind = Field::Kind::paragraph;
  prompt.label = "Prompt";
  prompt.text = value == ui.state.form.values.end() ? "" : value->second;
  prompt.placeholder = is_edit ? "What should change in the picture?" : "What should the picture show?";
  prompt.is_wrong = problem != nullptr;
  ui.heading(is_edit ? "Instruction" : "Prompt");
  if (const auto text = ui.field(prompt, 96)) ui.act(SetValue{"prompt", *text});
  if (problem != nullptr) ui.bad(problem->error.message);
  if (prompt.text.empty()) examples(ui);
}

}  // namespace palimpsest
