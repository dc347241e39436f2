// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CONNECTION_FILE_SYNC_H_
#define SIGNET_STORAGE_SQLITE_CONNECTION_FILE_SYNC_H_

#include <string>

#include "absl/status/status.h"

namespace signet::sqlite {

// Makes a file's bytes, or a directory's entries, last.
//   UNAVAILABLE / STORAGE_UNAVAILABLE: it cannot be opened or synced.
absl::Status SyncFile(const std::string& file);
absl::Status SyncDirectory(const std::string& directory);

// The directory that a file is in.
std::string DirectoryOf(const std::string& file);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CONNECTION_FILE_SYNC_H_
