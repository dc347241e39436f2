// SPDX-License-Identifier: Apache-2.0
#include "server/leftover_files.h"

#include <string_view>

#include "base/temporary_file.h"

namespace signet::server {

void SweepLeftovers(std::initializer_list<std::string> paths, Logger& logger) {
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    for (const std::string& file : SweepTemporaries(path)) {
      logger.Info("a file that a killed process left is removed",
                  {{"file", std::string_view(file)}});
    }
  }
}

}  // namespace signet::server
