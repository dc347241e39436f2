// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_ISSUE_SUPER_ADMIN_H_
#define SIGNET_SERVER_ISSUE_SUPER_ADMIN_H_

#include "absl/status/status.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// What `signetd issue-super-admin` does: opens the store as a server would,
// which fails while one has it, makes a credential that may do everything, and
// shows its CredentialLine. Serves nothing. For anyone who has the files, which
// are worth as much: the way to a second account, and back in when no owner is
// left. Errors as IssueSuperAdmin and App::Start.
absl::Status ShowNewSuperAdmin(const config::ServerConfig& config,
                               const Environment& environment);

}  // namespace signet::server

#endif  // SIGNET_SERVER_ISSUE_SUPER_ADMIN_H_
