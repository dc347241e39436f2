// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_VERIFY_AUDIT_H_
#define SIGNET_SERVER_VERIFY_AUDIT_H_

#include "absl/status/status.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// What `signetd check` does: opens the store as a server would, which fails
// while one has it, and checks that every row has the shape that its table
// wants, every audit log, all of them together, what the audit head file says
// of them, and the seal of every row that has one. Shows a
// line for each fault, then a summary. Serves nothing and, apart from what
// opening does, writes nothing.
//   DATA_LOSS / AUDIT_BROKEN: there were faults.
//   Otherwise as App::Start.
absl::Status VerifyAuditLogs(const config::ServerConfig& config,
                             const Environment& environment);

}  // namespace signet::server

#endif  // SIGNET_SERVER_VERIFY_AUDIT_H_
