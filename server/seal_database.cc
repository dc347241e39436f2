// SPDX-License-Identifier: Apache-2.0
#include "server/seal_database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret_file.h"
#include "server/audit_head_file.h"
#include "server/domain/authorization_rule.h"
#include "server/open_store.h"
#include "server/seal/seal_database.h"

namespace signet::server {
namespace {

constexpr absl::Duration kProgressPause = absl::Seconds(2);

std::string PowerLine(const storage::AuthorizationRecord& grant) {
  const Json json = {
      {"grant_kind", domain::GrantKindName(grant.grant_kind)},
      {"account_id", grant.account_id.ToString()},
      {"subject_type", domain::SubjectTypeName(grant.subject.type)},
      {"subject_id", grant.subject.id},
      {"authorization_id", grant.id.ToString()}};
  // What an older release stored may be no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string SummaryLine(const seal::SealedRows& rows) {
  const Json json = {{"accounts", rows.accounts},
                     {"service_accounts", rows.service_accounts},
                     {"tokens", rows.tokens},
                     {"authorizations", rows.authorizations},
                     {"account_owners", rows.account_owners},
                     {"super_admins", rows.super_admins},
                     {"audit_events", rows.head.events}};
  return json.dump() + "\n";
}

// Whether it has an audit head, as each sealed database has.
absl::StatusOr<bool> HasAuditHead(storage::Store& store) {
  bool has = false;
  const absl::Status status =
      storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
        const absl::StatusOr<std::vector<storage::AuditHeadRecord>> heads =
            txn.ListAuditHeads();
        has = heads.ok() && !heads->empty();
        return heads.status();
      });
  if (!status.ok()) return status;
  return has;
}

}  // namespace

absl::Status SealOldDatabase(const config::ServerConfig& config,
                             const Environment& environment) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<ExistingStore> opened =
      OpenExistingStore(config, *environment.random, environment.logger);
  if (!opened.ok()) return opened.status();
  const absl::StatusOr<bool> sealed = HasAuditHead(*opened->store);
  if (!sealed.ok()) return sealed.status();
  if (*sealed) {
    return DatabaseRefused(
        absl::StrCat(config.data_dir,
                     "/signet.db is sealed already; there is nothing to do"));
  }
  const std::string path = config.AuditHeadPath();
  const absl::StatusOr<std::optional<std::string>> file =
      ReadAuditHeadFile(path);
  if (!file.ok()) {
    return config::FlagError("audit_head_file",
                             std::string(file.status().message()));
  }
  if (file->has_value()) {
    return DatabaseRefused(absl::StrCat(
        "the database is not sealed, but ", path,
        " says that it was. If you went back to an older release on purpose, "
        "move ",
        path,
        " aside and run --seal_database again; if not, somebody took the seals "
        "away: restore a backup"));
  }

  absl::Status shown;
  absl::Time last_progress = environment.clock->Now();
  const absl::StatusOr<seal::SealedRows> rows = seal::SealDatabase(
      *opened->store, *opened->keyring, *environment.clock, *environment.random,
      [&](const storage::AuthorizationRecord& grant) {
        shown.Update(environment.show(PowerLine(grant)));
      },
      [&](uint64_t seen) {
        const absl::Time now = environment.clock->Now();
        if (now < last_progress + kProgressPause) return;
        last_progress = now;
        environment.logger->Info("sealing",
                                 {{"rows", static_cast<int64_t>(seen)}});
      });
  if (absl::IsFailedPrecondition(rows.status())) {
    return DatabaseRefused(std::string(rows.status().message()));
  }
  if (!rows.ok()) return rows.status();
  absl::Status written = ReplaceSecretFile(
      path,
      FormatAuditHeadFile(*opened->keyring,
                          FileOf(*opened->keyring, rows->head),
                          environment.clock->Now()),
      *environment.random);
  if (!written.ok()) {
    return config::FlagError("audit_head_file", std::string(written.message()));
  }
  shown.Update(environment.show(SummaryLine(*rows)));
  return shown;
}

}  // namespace signet::server
