#include <algorithm>

#include "web/panels/ui.h"

namespace palimpsest {
namespace {

constexpr std::pair<SnippetLanguage, const char*> kLanguages[] = {
    {SnippetLanguage::curl, "cURL"}, {SnippetLanguage::javascript, "JavaScript"}, {SnippetLanguage::python, "Python"}};

}  // namespace

void code_panel(Ui& ui) {
  const float width = ImGui::GetContentRegionAvail().x;
  if (const auto language = ui.segments("code", kLanguages, ui.state.code_language, width)) {
    ui.act(SetCodeLanguage{*language});
  }
  if (ui.state.code.empty()) {
    ui.muted("The request as a program appears here once the form is complete:");
    for (const Problem& problem : ui.state.parsed.problems) ui.muted(problem.error.message);
    return;
  }
  ui.muted("This is the request that the button sends.");
  Field code;
  code.id = "code";
  code.kind = Field::Kind::readout;
  code.label = "Code of the request";
  code.text = ui.state.code;
  const float height = ui.layout == Layout::compact ? 240.0F : std::max(120.0F, ImGui::GetContentRegionAvail().y - 48);
  ui.field(code, height);
  if (ui.button("copy_code", "Copy")) ui.act(CopyCode{});
}

}  // namespace palimpsest
