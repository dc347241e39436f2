// SPDX-License-Identifier: Apache-2.0
#include "server/sealed_files.h"

#include <utility>

#include "server/audit_head_start.h"
#include "server/seal/sealed_store.h"

namespace signet::server {

absl::StatusOr<SealedFiles> OpenSealedFiles(const config::ServerConfig& config,
                                            const Environment& environment,
                                            MalformedRows malformed_rows) {
  absl::StatusOr<ExistingStore> opened = OpenExistingStore(
      config, *environment.random, environment.logger, malformed_rows);
  if (!opened.ok()) return opened.status();
  SealedFiles files;
  files.keyring = std::move(opened->keyring);
  files.store = std::make_unique<seal::SealedStore>(
      std::move(opened->store), files.keyring.get(), config.oauth.issuer,
      environment.clock, environment.logger);
  const absl::StatusOr<AuditHeadStart> start =
      CheckAuditHead(config, environment, *files.store, *files.keyring);
  if (!start.ok()) return start.status();
  files.head_writer = std::make_unique<AuditHeadWriter>(
      files.store.get(), files.keyring.get(), environment,
      config.AuditHeadPath(), AuditHeadWriterOptions{.log = false});
  return files;
}

}  // namespace signet::server
