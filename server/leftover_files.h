// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_LEFTOVER_FILES_H_
#define SIGNET_SERVER_LEFTOVER_FILES_H_

#include <initializer_list>
#include <string>

#include "base/log.h"

namespace signet::server {

// Removes what killed processes left beside `paths`, of which some may be
// empty, when they were writing those files; see SweepTemporaries(). Logs the
// name of each.
void SweepLeftovers(std::initializer_list<std::string> paths, Logger& logger);

}  // namespace signet::server

#endif  // SIGNET_SERVER_LEFTOVER_FILES_H_
