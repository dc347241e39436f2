// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CONFIG_FLAGS_H_
#define SIGNET_SERVER_CONFIG_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/config.h"

namespace signet::config {

// What the command line asks for.
struct Invocation {
  // Where not empty: print this (the help, the version) and exit with 0.
  std::string text;

  ServerConfig config;

  // SIGNET_ variables that name no flag. Worth a warning, since a typing error
  // looks just so, but no more, since other programs set such names too.
  std::vector<std::string> unknown_variables;
};

// Reads the command, which is the first argument (without one it is to serve),
// and the flags from four sources; an earlier one wins:
//   1. the command line: `--name=value` or `--name value`, and the command's
//      operand;
//   2. the environment: `SIGNET_NAME=value`; commas part a list;
//   3. the file of --flagfile (or SIGNET_FLAGFILE): lines `name=value` or
//      `--name=value`, blank lines, and comment lines that start with `#`. It
//      cannot name a further flagfile;
//   4. the default.
// Within one source the last mention counts, but repeatable flags add up. An
// empty environment variable is no mention. Durations are sums like `1h30m`
// (units h, m, s, ms, us, ns) or days like `30d`; 0 stands for none.
//
// The environment and the flagfile are shared by all commands: what means
// nothing to one is left alone there, and refused on the command line.
//
// `arguments` are those after the program's name; `environment` holds lines
// `NAME=value`. Does not check the whole: see ServerConfig::Validate.
//   INVALID_ARGUMENT / FLAG_INVALID: an unknown command or flag, one that means
//     nothing to the command, a value that does not fit, a flagfile that cannot
//     be read. The message names the flag, and its source unless that is the
//     command line.
absl::StatusOr<Invocation> ParseFlags(
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& environment);

}  // namespace signet::config

#endif  // SIGNET_SERVER_CONFIG_FLAGS_H_
