// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEALED_FILES_H_
#define SIGNET_SERVER_SEALED_FILES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "crypto/mac_keyring.h"
#include "server/app.h"
#include "server/audit_head_writer.h"
#include "server/config/config.h"
#include "server/open_store.h"
#include "storage/store.h"

namespace signet::server {

// For an errand that changes what a server has made, in place of a server.
struct SealedFiles {
  std::unique_ptr<crypto::MacKeyring> keyring;
  std::unique_ptr<storage::Store>
      store;  // Seals what is written; see SealedStore.
  // To be told to write once all is done.
  std::unique_ptr<AuditHeadWriter> head_writer;
};

// Opens it as a server would, with the same refusals, and makes nothing.
// What `environment` names is borrowed. Errors as OpenExistingStore and
// CheckAuditHead.
absl::StatusOr<SealedFiles> OpenSealedFiles(
    const config::ServerConfig& config, const Environment& environment,
    MalformedRows malformed_rows = MalformedRows::kRefused);

}  // namespace signet::server

#endif  // SIGNET_SERVER_SEALED_FILES_H_
