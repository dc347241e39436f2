// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CONFIG_FLAG_TABLE_H_
#define SIGNET_SERVER_CONFIG_FLAG_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/config/config.h"

namespace signet::config {

// Every flag of the process, bound to the variables that it sets. The only
// place that knows the library which parses them. Not thread-safe.
class FlagTable {
 public:
  // All three are owned by the caller and outlive the table.
  FlagTable(ServerConfig* config, std::string* flagfile, std::string* text);
  ~FlagTable();

  // Sets what `arguments` mention and leaves the rest as it is. `text` becomes
  // the help or the version where that is asked for.
  // INVALID_ARGUMENT / FLAG_INVALID as in server/config/flags.h.
  absl::Status Parse(std::vector<std::string> arguments);

  bool Has(const std::string& name) const;

  // Whether the flag adds up when repeated.
  bool IsList(const std::string& name) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::config

#endif  // SIGNET_SERVER_CONFIG_FLAG_TABLE_H_
