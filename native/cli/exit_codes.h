// native/cli: the command line program. May include everything native and shared; nothing includes it.
// One file per subcommand; start with main.cpp, which dispatches and holds the error wall.
#pragma once

#include "shared/base/error.h"

namespace palimpsest {

/// What the program returns to the shell; listed in `palimpsest --help` and docs/command_line.md.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,       ///< a fault of ours or of a device
  kExitUsage = 2,         ///< an unknown option, or a value out of its range
  kExitInput = 3,         ///< a file that is missing, damaged or not what it should be
  kExitMemory = 4,        ///< not enough memory for what was asked
  kExitOutput = 5,        ///< the result could not be written
  kExitCheckFailed = 6,   ///< `verify` found a case that fails
  kExitInterrupted = 130  ///< stopped by Ctrl-C or SIGTERM
};

/// The exit code that fits an error's code.
ExitCode exit_code_of(const Error& error);

}  // namespace palimpsest
