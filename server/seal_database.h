// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEAL_DATABASE_H_
#define SIGNET_SERVER_SEAL_DATABASE_H_

#include "absl/status/status.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// What `signetd seal-database` does: opens the store as a server would, which
// fails while one has it, and seals what an older release wrote (SealDatabase).
// Shows a line of JSON for each owner and super_admin, then one with the
// numbers of what was sealed; the log tells how far it is. Serves nothing.
//   DATABASE_REFUSED: it is sealed already, or --audit_head_file says that it
//     was once.
//   Otherwise as App::Start.
absl::Status SealOldDatabase(const config::ServerConfig& config,
                             const Environment& environment);

}  // namespace signet::server

#endif  // SIGNET_SERVER_SEAL_DATABASE_H_
