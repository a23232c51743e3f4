#include "shared/api/form.h"

#include <algorithm>

#include "shared/api/constraint.h"

namespace palimpsest {
namespace {

constexpr std::size_t kHelpColumn = 34, kHelpWidth = 100;

Widget widget_of(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::integer:
      return parameter.format == "uint64" ? Widget::seed : Widget::whole_number;
    case ParameterType::number:
      return Widget::number;
    case ParameterType::boolean:
      return Widget::checkbox;
    case ParameterType::image:
      return Widget::picture;
    case ParameterType::list:
      return Widget::list;
    case ParameterType::string:
      break;
  }
  if (!parameter.values.empty()) return Widget::choice;
  return parameter.multiline ? Widget::paragraph : Widget::line;
}

std::string label_of(const Parameter& parameter) {
  std::string label = parameter.name;
  std::replace(label.begin(), label.end(), '_', ' ');
  if (label[0] >= 'a' && label[0] <= 'z') label[0] = static_cast<char>(label[0] - 'a' + 'A');
  return label;
}

std::string hint_of(const Parameter& parameter) {
  const std::string otherwise = default_of(parameter);
  return constraint_text(parameter) + (otherwise.empty() ? "" : "; by default " + otherwise);
}

FormEntry entry_of(const Parameter& parameter, std::string_view provider) {
  FormEntry entry{parameter, label_of(parameter), widget_of(parameter), hint_of(parameter), Handling::passed, ""};
  if (const ParameterSupport* support = parameter.support_of(provider)) {
    entry.handling = support->how;
    entry.handling_note = support->note;
  }
  return entry;
}

FormGroup& group_named(std::vector<FormGroup>& groups, const std::string& name) {
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const FormGroup& group) { return group.name == name; });
  return found != groups.end() ? *found : groups.emplace_back(FormGroup{name, {}});
}

std::string value_name(const Parameter& parameter) {
  if (!parameter.values.empty()) return "NAME";
  switch (parameter.type) {
    case ParameterType::integer:
      return "INTEGER";
    case ParameterType::number:
      return "NUMBER";
    case ParameterType::boolean:
      return "";
    case ParameterType::image:
      return "FILE";
    case ParameterType::list:
      return "JSON";
    case ParameterType::string:
      break;
  }
  if (parameter.format == "size") return "SIZE";
  return parameter.format == "aspect_ratio" ? "W:H" : "TEXT";
}

std::string flag_of(const Parameter& parameter) {
  std::string flag = "--" + parameter.name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

// Breaks text at blanks into lines of at most `width` bytes where words allow.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return lines;
}

}  // namespace

std::vector<FormGroup> build_form(std::span<const Parameter> parameters, std::span<const std::string> groups, Mode mode,
                                  std::string_view provider) {
  std::vector<FormGroup> form;
  for (const std::string& name : groups) form.push_back({name, {}});
  for (const Parameter& parameter : parameters) {
    if (parameter.is_for(mode)) group_named(form, parameter.group).entries.push_back(entry_of(parameter, provider));
  }
  form.erase(std::remove_if(form.begin(), form.end(), [](const FormGroup& group) { return group.entries.empty(); }),
             form.end());
  return form;
}

std::vector<CliOption> cli_options(std::span<const Parameter> parameters, Mode mode) {
  std::vector<CliOption> options;
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_for(mode) || parameter.required || parameter.http_only) continue;
    const std::string otherwise = default_of(parameter);
    const bool is_switch = parameter.type == ParameterType::boolean;
    std::string description = parameter.description;
    if (!is_switch) {
      description += " Takes " + constraint_text(parameter);
      if (description.back() == ',') description.pop_back();
      description += otherwise.empty() ? "." : "; by default " + otherwise + ".";
    }
    options.push_back({parameter.name, flag_of(parameter), value_name(parameter), std::move(description)});
  }
  return options;
}

std::vector<std::string> cli_help_lines(std::span<const CliOption> options) {
  std::vector<std::string> lines;
  for (const CliOption& option : options) {
    std::string line = "  " + option.flag + (option.value_name.empty() ? "" : " " + option.value_name);
    for (const std::string& text : wrapped(option.description, kHelpWidth - kHelpColumn)) {
      if (line.size() + 1 > kHelpColumn) {
        lines.push_back(line);
        line.clear();
      }
      line.resize(kHelpColumn, ' ');
      lines.push_back(line + text);
      line.clear();
    }
  }
  return lines;
}

}  // namespace palimpsest
