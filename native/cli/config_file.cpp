#include "native/cli/config_file.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <fstream>
#include <vector>

#include "shared/base/error.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

std::string variable_name(const std::string& option) {
  std::string name = "PALIMPSEST_" + option;
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

[[noreturn]] void refuse(const std::string& path, const std::string& problem) {
  throw PalimpsestError({"config_invalid", path + ": " + problem, "--config"});
}

void set_option(CLI::App& command, const CLI::ConfigItem& item, const std::string& path) {
  std::string name = item.name;
  std::replace(name.begin(), name.end(), '_', '-');
  CLI::Option* option = command.get_option_no_throw("--" + name);
  if (!item.parents.empty() || option == nullptr || name == "config" || name == "help") {
    refuse(path, "there is no option " + printable(item.fullname()));
  }
  if (option->count() > 0) return;
  try {
    for (const std::string& value : item.inputs) option->add_result(value);
    option->run_callback();
  } catch (const CLI::ParseError& problem) {
    refuse(path, problem.what());
  }
}

}  // namespace

void add_environment(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
    option->envname(variable_name(option->get_lnames().front()));
  }
}

void read_config_file(CLI::App& command, const std::string& path) {
  std::ifstream stream(path);
  if (!stream) throw PalimpsestError({"file_not_found", path + " cannot be opened", "--config"});
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(stream);
  } catch (const CLI::Error& problem) {
    refuse(path, problem.what());
  }
  for (const CLI::ConfigItem& item : items) {
    if (item.name != "++" && item.name != "--") set_option(command, item, path);  // marks of sections
  }
}

}  // namespace palimpsest
