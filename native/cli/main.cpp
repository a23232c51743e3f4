#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>

#include "native/backends/registry.h"
#include "native/cli/command.h"
#include "native/cli/exit_codes.h"
#include "native/imaging/allocation.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  palimpsest serve\n"
    "  palimpsest generate \"a red house at night, sign reads 'OPEN'\" -o night.png --seed 7\n"
    "  palimpsest edit night.png \"make the house blue\" -o blue.png\n"
    "  palimpsest edit photo.jpg \"add a starry night sky\" --model /models/FLUX.1-Kontext-dev -o starry.png\n"
    "\n"
    "Exit codes: 0 done, 1 fault, 2 wrong option or value, 3 unusable input file, 4 not enough memory,\n"
    "5 result not written, 6 a check failed, 130 interrupted.";

/// A line for each line of the message. Names of request fields are part of their messages; those of options are not.
int report(const Error& error) {
  const std::string option = error.param.rfind("--", 0) == 0 ? error.param + ": " : "";
  std::istringstream lines(error.message);
  for (std::string line; std::getline(lines, line);)
    std::fprintf(stderr, "palimpsest: %s%s\n", option.c_str(), line.c_str());
  return exit_code_of(error);
}

int run(int argc, char** argv) {
  CLI::App app("Makes pictures from text and edits pictures by instruction, with FLUX.1 Kontext on this machine.",
               "palimpsest");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("palimpsest ") + PALIMPSEST_VERSION);

  CommandAction action;
  add_serve_command(app, action);
  add_generate_command(app, action);
  add_edit_command(app, action);
  add_inspect_command(app, action);
  add_verify_command(app, action);
  add_bench_command(app, action);
  const std::string first = argc > 1 ? argv[1] : "-";
  const auto is_named_so = [&first](const CLI::App* command) { return command->get_name() == first; };
  if (first[0] != '-' && app.get_subcommands(is_named_so).empty()) {
    std::fprintf(stderr, "palimpsest: there is no command '%s'\nTry: palimpsest --help\n",
                 printable(first, 40).c_str());
    return kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) return app.exit(problem);  // --help, --version
    std::fprintf(stderr, "palimpsest: %s\nTry: palimpsest --help\n", problem.what());
    return kExitUsage;
  }
  return action();
}

}  // namespace

std::string examples_footer(const std::string& examples) {
  return "Examples:\n" + examples;
}

}  // namespace palimpsest

int main(int argc, char** argv) {
  using namespace palimpsest;
  let_waiting_threads_sleep(argv);
  keep_freed_memory();
  try {
    return run(argc, argv);
  } catch (const PalimpsestError& problem) {
    return report(problem.error());
  } catch (const std::bad_alloc&) {
    return report({std::string(codes::kOutOfMemory), "there is not enough memory", {}, 507});
  } catch (const std::exception& problem) {
    return report({std::string(codes::kInternal), problem.what(), {}, 500});
  }
}
