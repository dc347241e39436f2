// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CONFIG_FLAG_PARSER_H_
#define SIGNET_SERVER_CONFIG_FLAG_PARSER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/config/command.h"
#include "server/config/config.h"

namespace signet::config {

// Reads the flags of the table (server/config/flag_table.h) from arguments. The
// only place that knows the library which parses them. Not thread-safe.
class FlagParser {
 public:
  // `config` is owned by the caller and outlives the parser. `command` is not
  // kHelp.
  FlagParser(Command command, ServerConfig* config);
  ~FlagParser();

  // Sets what `arguments` mention and leaves the rest as it is. Takes every
  // flag, for sources that several commands share.
  // INVALID_ARGUMENT / FLAG_INVALID as in server/config/flags.h.
  absl::Status Parse(std::vector<std::string> arguments);

  // The same, of what the command was given itself: its operand too, and only
  // flags that mean something to it. (To kServe every flag does: it can be told
  // by flags to do what another command does.)
  absl::Status ParseCommandLine(std::vector<std::string> arguments);

  // Whether there is such a flag, in the table or beside it.
  bool Has(const std::string& name) const;

  // What --help or --version asked for, if one did; else empty.
  std::string text() const;

  // The command and the flags that it takes, for people.
  std::string Help() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::config

#endif  // SIGNET_SERVER_CONFIG_FLAG_PARSER_H_
