// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RELOAD_H_
#define SIGNET_SERVER_RELOAD_H_

#include <string>
#include <vector>

#include "base/log.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// What the process was started with.
struct StartedWith {
  std::vector<std::string> arguments;    // As config::ParseFlags takes them.
  std::vector<std::string> environment;  // The same.
  config::ServerConfig config;           // What they said then.
};

// What SIGHUP does: App::Reload, and a look at the flagfile. No flag can change
// while the process runs, and none does. One line of the log, `reloaded`, says
//   loaded: `issuer keys` or `nothing`;
//   restart_needed_for: the flags that have another value by now, perhaps none;
//   flagfile_fault: what is wrong with the flagfile; empty where nothing is.
void Reload(const StartedWith& started, App& app, Logger& logger);

}  // namespace signet::server

#endif  // SIGNET_SERVER_RELOAD_H_
