#include "web/panels/ui.h"
#include "web/panels/words.h"

namespace palimpsest {
namespace {

void line(Ui& ui, const char* name, const std::string& value) {
  if (value.empty()) return;
  ui.muted(name);
  ImGui::SameLine(108);
  ui.text(value);
}

void values_of(Ui& ui, const Run& run) {
  for (const auto& [name, value] : run.form.values) {
    if (name != "prompt" && name != "seed") line(ui, name.c_str(), value);
  }
}

}  // namespace

void details_panel(Ui& ui) {
  const Run* run = ui.state.run(ui.state.shown_run);
  if (run == nullptr) {
    ui.muted("The settings of the picture on the stage are listed here once there is one.");
    return;
  }
  const auto prompt = run->form.values.find("prompt");
  Field text;
  text.id = "details.prompt";
  text.kind = Field::Kind::readout;
  text.label = "Prompt of this picture";
  text.text = prompt == run->form.values.end() ? "" : prompt->second;
  ui.field(text, 72);
  const bool has_result = ui.state.shown_result < run->results.size();
  const RunResult result = has_result ? run->results[ui.state.shown_result] : RunResult{};
  line(ui, "State", phase_text(*run, ui.state.now_s));
  line(ui, "Model", run->form.model);
  line(ui, "Answered by", run->answered_by);
  line(ui, "Seed", result.seed ? std::to_string(*result.seed) : "");
  line(ui, "Size", run->size);
  line(ui, "Sizes", run->size_plan);
  values_of(ui, *run);
  line(ui, "Rewritten as", result.revised_prompt);
  if (run->error) ui.bad(run->error->message);
  for (const Warning& warning : run->warnings) ui.muted("Note: " + warning.message);
  ImGui::Dummy({0, 4});
  if (ui.button("use_settings", "Use these settings")) ui.act(UseSettings{run->id, ui.state.shown_result});
  ImGui::SameLine();
  if (ui.button("forget", "Delete")) ui.act(ForgetRun{run->id});
}

}  // namespace palimpsest
