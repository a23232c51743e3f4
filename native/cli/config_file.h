#pragma once

#include <string>

namespace CLI {
class App;
}

namespace palimpsest {

/// Lets each option of the command also come from the environment: `--allow-origin` as PALIMPSEST_ALLOW_ORIGIN, several
/// values with commas between them. To be called once all options were added.
void add_environment(CLI::App& command);

/// Sets the options that are named in the TOML file (`allow-origin = ["https://page.example"]`) and that neither the
/// command line nor the environment has set.
/// Errors: `config_invalid`, naming the file and the option; `file_not_found`.
void read_config_file(CLI::App& command, const std::string& path);

}  // namespace palimpsest
