#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "web/panels/ui.h"

namespace palimpsest {
namespace {

constexpr float kControlHeight = 34;

std::string value_of(const Ui& ui, const Parameter& parameter) {
  const auto found = ui.state.form.values.find(parameter.name);
  return found == ui.state.form.values.end() ? "" : found->second;
}

std::string default_text(const Parameter& parameter) {
  if (!parameter.default_text.empty()) return parameter.default_text;
  const Json& value = parameter.default_value;
  return value.is_null() ? "the model's own" : value.is_string() ? *value.as_string() : value.dump();
}

Field field_of(const Ui& ui, const FormEntry& entry) {
  Field field;
  field.id = "param." + entry.parameter.name;
  field.label = entry.label;
  field.text = value_of(ui, entry.parameter);
  field.placeholder = default_text(entry.parameter);
  field.hint = entry.parameter.description + " Takes " + entry.hint + ".";
  field.is_wrong = ui.state.problem_of(entry.parameter.name) != nullptr;
  return field;
}

void text_field(Ui& ui, const FormEntry& entry) {
  Field field = field_of(ui, entry);
  const bool is_paragraph = entry.widget == Widget::paragraph;
  if (is_paragraph) field.kind = Field::Kind::paragraph;
  if (const auto text = ui.field(field, is_paragraph ? 60 : kControlHeight)) {
    ui.act(SetValue{entry.parameter.name, *text});
  }
}

void choice_field(Ui& ui, const FormEntry& entry) {
  Field field = field_of(ui, entry);
  field.kind = Field::Kind::choice;
  field.options.emplace_back("", "Default: " + default_text(entry.parameter));
  for (const std::string& value : entry.parameter.values) field.options.emplace_back(value, value);
  if (const auto text = ui.field(field, kControlHeight)) ui.act(SetValue{entry.parameter.name, *text});
}

/// A slider where both ends are known: at the default it shows what that is, and the cross brings it back.
void slider(Ui& ui, const FormEntry& entry) {
  const Parameter& parameter = entry.parameter;
  const bool is_whole = entry.widget == Widget::whole_number;
  const std::string text = value_of(ui, parameter);
  double usual = *parameter.minimum;
  parameter.default_value.to_double(usual);
  float value = static_cast<float>(text.empty() ? usual : std::strtod(text.c_str(), nullptr));
  const std::string shown = text.empty() ? default_text(parameter) : text;
  const bool is_set = !text.empty();
  std::string format;
  for (const char c : shown) format += c == '%' ? "%%" : std::string(1, c);

  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - (is_set ? 74.0F : 0.0F));
  const bool is_changed =
      ImGui::SliderFloat(("###slider." + parameter.name).c_str(), &value, static_cast<float>(*parameter.minimum),
                         static_cast<float>(*parameter.maximum), format.c_str(),
                         ImGuiSliderFlags_NoInput | ImGuiSliderFlags_NoRoundToFormat);
  const ImVec2 from = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
  ui.drag_areas.push_back({from.x, from.y, size.x, size.y});
  Field mirror = field_of(ui, entry);
  mirror.kind = Field::Kind::slider;
  mirror.minimum = *parameter.minimum;
  mirror.maximum = *parameter.maximum;
  mirror.step = is_whole ? 1 : 0.05;
  if (const auto keyed = ui.mirror(mirror, from, size)) ui.act(SetValue{parameter.name, *keyed});
  if (is_changed) {
    char written[32];
    std::snprintf(written, sizeof(written), is_whole ? "%.0f" : "%.2f", static_cast<double>(value));
    ui.act(SetValue{parameter.name, written});
  }
  if (!is_set) return;
  ImGui::SameLine();
  if (ui.button("reset." + parameter.name, "Reset", ButtonKind::plain, {66, 0})) ui.act(SetValue{parameter.name, ""});
}

void checkbox(Ui& ui, const FormEntry& entry) {
  bool is_on = value_of(ui, entry.parameter) == "true";
  const std::string id = "param." + entry.parameter.name;
  const std::string label = is_on ? "On" : "Off";
  if (ui.button(id, label, is_on ? ButtonKind::chosen : ButtonKind::plain, {66, 0}, true,
                entry.parameter.description)) {
    ui.act(SetValue{entry.parameter.name, is_on ? "" : "true"});
  }
}

void entry_widget(Ui& ui, const FormEntry& entry) {
  const bool has_ends = entry.parameter.minimum && entry.parameter.maximum;
  switch (entry.widget) {
    case Widget::choice:
      return choice_field(ui, entry);
    case Widget::checkbox:
      return checkbox(ui, entry);
    case Widget::whole_number:
    case Widget::number:
      return has_ends ? slider(ui, entry) : text_field(ui, entry);
    case Widget::line:
    case Widget::paragraph:
    case Widget::seed:
    case Widget::list:
      return text_field(ui, entry);
    case Widget::picture:
      return;  // in the input panel
  }
}

bool is_shown(const FormEntry& entry) {
  return !entry.parameter.http_only && entry.widget != Widget::picture && entry.parameter.name != "prompt" &&
         entry.parameter.name != "model";
}

void draw_entry(Ui& ui, const FormEntry& entry) {
  const bool is_ignored = entry.handling == Handling::ignored;
  ui.muted(entry.label + (is_ignored ? " (no effect here)" : ""));
  entry_widget(ui, entry);
  if (const Problem* problem = ui.state.problem_of(entry.parameter.name)) ui.bad(problem->error.message);
  for (const Warning& warning : ui.state.parsed.warnings) {
    if (warning.param == entry.parameter.name) ui.muted(warning.message);
  }
}

void model_choice(Ui& ui) {
  const std::vector<ModelEntry>& models = ui.state.connection.models;
  if (models.empty()) return;
  Field field;
  field.id = "model";
  field.kind = Field::Kind::choice;
  field.label = "Model";
  field.text = ui.state.form.model;
  std::string answered_by;
  for (const ModelEntry& model : models) {
    field.options.emplace_back(model.id, model.name + (model.is_available ? "" : " (not available)"));
    if (model.id == ui.state.form.model) answered_by = model.answered_by;
  }
  ui.muted("Model");
  if (const auto model = ui.field(field, kControlHeight)) ui.act(SetModel{*model});
  if (!answered_by.empty()) ui.muted("Answered by " + answered_by);
}

}  // namespace

void form_panel(Ui& ui) {
  model_choice(ui);
  for (const FormGroup& group : ui.state.form_groups) {
    if (std::none_of(group.entries.begin(), group.entries.end(), is_shown)) continue;
    if (group.name != "Core") {
      ImGui::Dummy({0, 6});
      ui.heading(group.name);
    }
    for (const FormEntry& entry : group.entries) {
      if (is_shown(entry)) draw_entry(ui, entry);
    }
  }
}

}  // namespace palimpsest
