#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace palimpsest {

/// What a chosen subcommand does; returns the exit code and may throw PalimpsestError.
using CommandAction = std::function<int()>;

/// Each adds one subcommand with its options to `app` and sets `action` when it is chosen on the command line.
void add_serve_command(CLI::App& app, CommandAction& action);
void add_generate_command(CLI::App& app, CommandAction& action);
void add_edit_command(CLI::App& app, CommandAction& action);
void add_inspect_command(CLI::App& app, CommandAction& action);
void add_verify_command(CLI::App& app, CommandAction& action);
void add_bench_command(CLI::App& app, CommandAction& action);

/// The part of the help text that shows how a command is used.
std::string examples_footer(const std::string& examples);

}  // namespace palimpsest
