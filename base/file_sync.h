// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_FILE_SYNC_H_
#define SIGNET_BASE_FILE_SYNC_H_

#include <string>

#include "absl/status/status.h"

namespace signet {

// Makes a file's bytes, or a folder's entries, last a loss of power. Errors of
// the system come with the code that absl::ErrnoToStatusCode gives them, and
// name the path.
absl::Status SyncFile(const std::string& path);
absl::Status SyncFolder(const std::string& folder);

// The folder that `path` names a file in.
std::string FolderOf(const std::string& path);

}  // namespace signet

#endif  // SIGNET_BASE_FILE_SYNC_H_
