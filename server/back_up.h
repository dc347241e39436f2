// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_BACK_UP_H_
#define SIGNET_SERVER_BACK_UP_H_

#include "absl/status/status.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// What `signetd backup` does: writes a verified copy of the database to a new
// file and shows its size, while a server runs on the directory or not. Every
// write acknowledged before is in it. Needs no key; the copy holds what the
// database does, so it is of no use without the key file.
//   FLAG_INVALID: there is no database in --data_dir, or the file is there or
//     cannot be made.
//   DATABASE_REFUSED: the database is not one that a server would open.
//   Otherwise as CopyDatabase.
absl::Status BackUp(const config::ServerConfig& config,
                    const Environment& environment);

}  // namespace signet::server

#endif  // SIGNET_SERVER_BACK_UP_H_
