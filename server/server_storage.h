// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SERVER_STORAGE_H_
#define SIGNET_SERVER_SERVER_STORAGE_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/trusted_clock.h"
#include "crypto/mac_keyring.h"
#include "server/app.h"
#include "server/audit_head_start.h"
#include "server/audit_head_writer.h"
#include "server/bootstrap_file.h"
#include "server/config/config.h"
#include "server/domain/change_feed.h"
#include "server/identity/token_directory.h"
#include "server/upkeep/last_uses.h"
#include "storage/store.h"

namespace signet::server {

// The lowest of a server's three layers: the store with its keys, its audit
// head and its clock, and what is kept in memory of what the store holds.
class Storage {
 public:
  // Opens what `config`, which is valid, names, and makes it on a first start.
  // What `environment` names is borrowed. Errors as App::Start.
  static absl::StatusOr<std::unique_ptr<Storage>> Open(
      const config::ServerConfig& config, const Environment& environment);

  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage();

  // What the layers above take in place of the process's environment: their
  // clock does not run back.
  const Environment& environment() const { return environment_; }
  TrustedClock& clock() { return clock_; }
  const crypto::MacKeyring& keyring() const { return *keyring_; }
  storage::Store& store() { return *store_; }
  upkeep::LastUses& last_uses() { return last_uses_; }
  identity::TokenDirectory& directory() { return directory_; }
  domain::ChangeFeed& feed() { return feed_; }
  const AuditHeadStart& head_start() const { return head_start_; }
  // Null without --bootstrap_file.
  BootstrapFile* bootstrap_file() { return bootstrap_file_.get(); }

  // Call it when nothing writes any longer. The audit head file gets the last
  // state, accepted writes reach the disk, reads and writes that come later are
  // refused. Blocks. Idempotent.
  void Stop();

 private:
  class HeadBell;
  struct Files;

  static absl::StatusOr<Files> OpenFiles(const config::ServerConfig& config,
                                         const Environment& environment);
  Storage(const config::ServerConfig& config, const Environment& environment,
          Files files, std::optional<absl::Time> mark);
  absl::Status CheckHead(const config::ServerConfig& config);
  // Those who keep in memory what the store holds.
  void Tell(const storage::TokenChanges& changes);

  // Each is used by those below it.
  TrustedClock clock_;
  const Environment environment_;
  const std::unique_ptr<BootstrapFile> bootstrap_file_;
  const std::unique_ptr<crypto::MacKeyring> keyring_;
  const std::unique_ptr<HeadBell> head_bell_;
  const std::unique_ptr<storage::Store> store_;
  upkeep::LastUses last_uses_;
  identity::TokenDirectory directory_;
  domain::ChangeFeed feed_;
  AuditHeadStart head_start_;
  std::unique_ptr<AuditHeadWriter> head_writer_;  // Null: nothing is kept.
};

}  // namespace signet::server

#endif  // SIGNET_SERVER_SERVER_STORAGE_H_
