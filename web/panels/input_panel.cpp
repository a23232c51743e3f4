#include "shared/api/size.h"
#include "web/panels/ui.h"

namespace palimpsest {
namespace {

void given_picture(Ui& ui, const FormEntry& entry, const Picture& picture) {
  ui.thumbnail(picture, {96, 96}, false);
  ImGui::Dummy({96, 96});
  ImGui::SameLine();
  ImGui::BeginGroup();
  const std::string& name = entry.parameter.name;
  ui.text(picture.file_name.empty() ? "picture" : picture.file_name);
  ui.muted(picture.status == Picture::Status::ready ? to_string(picture.size) : "Reading it");
  if (ui.button("replace." + name, "Replace")) ui.act(BrowsePicture{name});
  ImGui::SameLine();
  if (ui.button("remove." + name, "Remove")) ui.act(RemovePicture{name});
  ImGui::EndGroup();
}

void empty_slot(Ui& ui, const FormEntry& entry) {
  const bool is_main = entry.parameter.required;
  const std::string label = is_main ? "Choose a picture, drop it here or paste it" : "Choose a picture";
  const ImVec2 size = {ImGui::GetContentRegionAvail().x, is_main ? 84.0F : 34.0F};
  if (ui.button("browse." + entry.parameter.name, label, ButtonKind::quiet, size, true, entry.parameter.description)) {
    ui.act(BrowsePicture{entry.parameter.name});
  }
  ImGui::GetWindowDrawList()->AddRect(ImGui::GetItemRectMin(), ImGui::GetItemRectMax(), ui.colors.edge, 6);
}

}  // namespace

void input_panel(Ui& ui) {
  for (const FormGroup& group : ui.state.form_groups) {
    for (const FormEntry& entry : group.entries) {
      if (entry.widget != Widget::picture) continue;
      const std::string& name = entry.parameter.name;
      ui.heading(name == "image" ? "Picture to edit" : entry.label);
      if (name != "image") ui.muted(entry.parameter.description);
      const auto slot = ui.state.form.pictures.find(name);
      const Picture* picture = slot == ui.state.form.pictures.end() ? nullptr : ui.state.picture(slot->second);
      if (picture != nullptr) {
        given_picture(ui, entry, *picture);
      } else {
        empty_slot(ui, entry);
      }
      if (const Problem* problem = ui.state.problem_of(name)) ui.bad(problem->error.message);
      ImGui::Dummy({0, 2});
    }
  }
}

}  // namespace palimpsest
