#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/catalog/catalog.h"

namespace palimpsest {

/// What a form field is edited with.
enum class Widget { line, paragraph, seed, whole_number, number, checkbox, choice, picture, list };

/// One field of the page's form.
struct FormEntry {
  Parameter parameter;
  std::string label;  ///< "Cfg scale"
  Widget widget = Widget::line;
  std::string hint;                      ///< what it takes and what applies when it is left alone
  Handling handling = Handling::passed;  ///< by the provider that the form is for
  std::string handling_note;             ///< empty where there is nothing to say
};

struct FormGroup {
  std::string name;
  std::vector<FormEntry> entries;
};

/// The form of one mode: the groups in their order, a group of its own for names not among them, none empty. `provider`
/// may be empty.
std::vector<FormGroup> build_form(std::span<const Parameter> parameters, std::span<const std::string> groups, Mode mode,
                                  std::string_view provider);

/// One option of the command line.
struct CliOption {
  std::string parameter;    ///< its name in requests
  std::string flag;         ///< "--cfg-scale"
  std::string value_name;   ///< "NUMBER"; empty for a flag that is there or not
  std::string description;  ///< with what it takes and the default
};

/// The options of `palimpsest generate` or `edit`; the prompt and the input picture are no options.
std::vector<CliOption> cli_options(std::span<const Parameter> parameters, Mode mode);

/// The options as help text, wrapped at 100 columns.
std::vector<std::string> cli_help_lines(std::span<const CliOption> options);

}  // namespace palimpsest
