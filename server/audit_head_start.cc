// SPDX-License-Identifier: Apache-2.0
#include "server/audit_head_start.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/secret_file.h"
#include "server/audit/audit_log.h"
#include "server/audit_head_file.h"

namespace signet::server {
namespace {

constexpr char kHeadFlag[] = "audit_head_file";
constexpr size_t kLossNameBytes = 16;
constexpr char kOrMoveAside[] =
    ", or move it aside and accept the loss that the next start names";

// What the database and the file say.
struct BothHeads {
  bool empty = false;
  std::vector<storage::AuditHeadRecord> records;
  absl::StatusOr<std::optional<audit::AuditHead>> database = std::nullopt;
  std::string data_dir;
  std::string path;
  std::optional<std::string> text;
  std::optional<AuditHeadFile> file;

  // Names what is missing by all that is there now, so that no other loss has
  // the same name.
  std::string LossName() const {
    Encoder encoder("signet audit loss v1");
    encoder.Add(text);
    for (const storage::AuditHeadRecord& record : records) {
      encoder.Add(record.writer)
          .Add(record.events)
          .Add(record.accounts)
          .Add(record.ciphertext);
    }
    return HexOf(crypto::Sha256(encoder.text())).substr(0, 2 * kLossNameBytes);
  }
};

absl::StatusOr<BothHeads> ReadBoth(const config::ServerConfig& config,
                                   const Environment& environment,
                                   storage::Store& store,
                                   const crypto::MacKeyring& keyring) {
  BothHeads heads;
  const audit::AuditHeads reader(&keyring, environment.random);
  absl::Status status =
      storage::ReadAndWait(store, [&](storage::ReadTxn& txn) -> absl::Status {
        const absl::StatusOr<bool> empty = txn.IsEmpty();
        if (!empty.ok()) return empty.status();
        heads.empty = *empty;
        absl::StatusOr<std::vector<storage::AuditHeadRecord>> records =
            txn.ListAuditHeads();
        if (!records.ok()) return records.status();
        heads.records = *std::move(records);
        heads.database = reader.Read(txn);
        return absl::IsDataLoss(heads.database.status())
                   ? absl::OkStatus()
                   : heads.database.status();
      });
  if (!status.ok()) return status;
  heads.data_dir = config.data_dir;
  heads.path = config.AuditHeadPath();
  absl::StatusOr<std::optional<std::string>> text =
      ReadAuditHeadFile(heads.path);
  if (!text.ok()) {
    return config::FlagError(kHeadFlag, std::string(text.status().message()));
  }
  heads.text = *std::move(text);
  if (heads.text.has_value()) {
    absl::StatusOr<AuditHeadFile> file =
        ParseAuditHeadFile(keyring, *heads.text);
    if (!file.ok()) {
      return DatabaseRefused(absl::StrCat(
          heads.path, ": ", std::string(file.status().message()),
          "; put back the file and the keys that belong to this database",
          kOrMoveAside));
    }
    heads.file = *file;
  }
  if (!heads.database.ok()) {
    return DatabaseRefused(
        absl::StrCat(std::string(heads.database.status().message()),
                     "; put back the keys that belong to it, or a "
                     "backup of it"));
  }
  return heads;
}

// "1 event", "2 events".
std::string Count(uint64_t count, const char* what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

// What is missing and what to do; nullopt: nothing. An error where no flag
// helps.
struct Missing {
  AuditLoss loss;
  std::string why;
  std::string remedy =
      "; put back its latest state, or accept exactly this loss with ";
  std::string then = {};  // What else to do once the flag was given.
};

absl::StatusOr<std::optional<Missing>> Compare(
    const crypto::MacKeyring& keyring, const BothHeads& heads) {
  const std::optional<audit::AuditHead>& database = *heads.database;
  const std::optional<AuditHeadFile>& file = heads.file;
  if (heads.empty && database.has_value() && database->accounts > 0) {
    return DatabaseRefused(absl::StrCat(
        "the database has no account any more, but its audit head says that it "
        "had ",
        database->accounts, "; put back a backup of it"));
  }
  if (!database.has_value() && !heads.empty) {
    if (file.has_value()) {
      return DatabaseRefused(absl::StrCat(
          "the database is not sealed, but ", heads.path,
          " says that it was. If you went back to an older release on "
          "purpose, move ",
          heads.path,
          " aside and run --seal_database; if it is another database's, name "
          "this one's own with --audit_head_file; if neither, somebody took "
          "the seals away: restore a backup"));
    }
    return DatabaseRefused(absl::StrCat(
        "the database was written by a release without seals; run once: "
        "signetd --data_dir=",
        heads.data_dir,
        " --seal_database. It prints the owners and super_admins that it "
        "believes; revoke those you do not know"));
  }
  if (!file.has_value()) {
    if (!database.has_value()) return std::nullopt;  // A first start.
    return Missing{
        .loss = {},
        .why = absl::StrCat("the audit head file ", heads.path,
                            " is missing, so nobody can tell whether this "
                            "database is the latest"),
        .remedy = absl::StrCat(
            ". If you moved it, name it with --audit_head_file; if you have it "
            "elsewhere, copy it to ",
            heads.path,
            "; if you restored a backup without it, start once with "),
        .then = ", and revoke anew what was revoked since"};
  }
  const audit::AuditHead none = {.database = file->database};
  const audit::AuditHead& head = database.has_value() ? *database : none;
  if (head.database != file->database) {
    return DatabaseRefused(
        absl::StrCat(heads.path,
                     " is another database's; name this one's own "
                     "with --audit_head_file",
                     kOrMoveAside));
  }
  const auto lacks = [](uint64_t has, uint64_t wants) {
    return wants > has ? wants - has : 0;
  };
  Missing missing;
  missing.loss.events = lacks(head.events, file->events);
  missing.loss.accounts = lacks(head.accounts, file->accounts);
  if (missing.loss.events > 0 || missing.loss.accounts > 0 ||
      head.changes < file->changes) {
    missing.why = absl::StrCat(
        "the database is older than ", heads.path,
        " says: ", Count(missing.loss.events, "audit event"), " and ",
        Count(missing.loss.accounts, "account"),
        " are missing, and what was done with them, revocations perhaps");
    return missing;
  }
  if (head.changes == file->changes && head.changes > 0 &&
      !file->Says(keyring, head)) {
    missing.why = absl::StrCat("the database is as long as ", heads.path,
                               " says, but another one");
    return missing;
  }
  return std::nullopt;
}

// Brings the file to where the database is. The system's errors.
absl::Status WriteStart(const Environment& environment, storage::Store& store,
                        const crypto::MacKeyring& keyring,
                        const std::string& path,
                        const audit::AuditHead& genesis) {
  const audit::AuditHeads reader(&keyring, environment.random);
  audit::AuditHead head;
  absl::Status status = storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
    const absl::StatusOr<std::optional<audit::AuditHead>> found =
        reader.Read(txn);
    if (found.ok()) head = found->value_or(genesis);
    return found.status();
  });
  if (!status.ok()) return status;
  return ReplaceSecretFile(path,
                           FormatAuditHeadFile(keyring, FileOf(keyring, head),
                                               environment.clock->Now()),
                           *environment.random);
}

}  // namespace

absl::StatusOr<AuditHeadStart> CheckAuditHead(
    const config::ServerConfig& config, const Environment& environment,
    storage::Store& store, const crypto::MacKeyring& keyring) {
  const absl::StatusOr<BothHeads> heads =
      ReadBoth(config, environment, store, keyring);
  if (!heads.ok()) return heads.status();
  absl::StatusOr<std::optional<Missing>> missing = Compare(keyring, *heads);
  if (!missing.ok()) return missing.status();

  AuditHeadStart start;
  start.genesis =
      audit::NewAuditHead(*environment.random, environment.clock->Now());
  const std::string& accepted = config.accept_audit_loss;
  if (missing->has_value()) {
    AuditLoss& loss = (*missing)->loss;
    loss.name = heads->LossName();
    if (accepted != loss.name) {
      return DatabaseRefused(absl::StrCat((*missing)->why, (*missing)->remedy,
                                          "--accept_audit_loss=", loss.name,
                                          (*missing)->then));
    }
    environment.logger->Warning(
        "a loss was accepted",
        {{"loss", loss.name},
         {"missing_events", static_cast<int64_t>(loss.events)},
         {"missing_accounts", static_cast<int64_t>(loss.accounts)}});
    // First, so that nothing is accepted that no event tells of.
    if (heads->empty) {
      start.accepted = std::move(loss);
    } else if (absl::Status s =
                   RecordAuditLoss(environment, store, keyring, loss);
               !s.ok()) {
      return s;
    }
  } else {
    if (!accepted.empty()) {
      environment.logger->Warning(
          "--accept_audit_loss was given, but nothing is missing: take the "
          "flag away");
    }
    if (heads->file.has_value() && !heads->database->has_value()) {
      // A first start that was broken off.
      start.genesis.database = heads->file->database;
      start.genesis.sealed_at = heads->file->sealed_at;
    }
  }
  const absl::Status written =
      WriteStart(environment, store, keyring, heads->path, start.genesis);
  // A full disk must not keep a server from starting that has lost nothing.
  if (absl::IsResourceExhausted(written) && heads->file.has_value() &&
      !missing->has_value()) {
    environment.logger->Warning("the audit head is not written yet",
                                {{"error", std::string(written.message())}});
  } else if (!written.ok()) {
    return config::FlagError(kHeadFlag, std::string(written.message()));
  }
  return start;
}

absl::Status RecordAuditLoss(const Environment& environment,
                             storage::Store& store,
                             const crypto::MacKeyring& keyring,
                             const AuditLoss& loss) {
  const audit::AuditLog log(&keyring, environment.random);
  const absl::Time now = environment.clock->Now();
  return storage::WriteAndWait(
      store, [&](storage::WriteTxn& txn) -> absl::Status {
        const absl::StatusOr<std::vector<Uuid>> oldest =
            txn.ListAccounts(std::nullopt, 1);
        if (!oldest.ok()) return oldest.status();
        if (oldest->empty()) return absl::OkStatus();
        return log.AppendSystem(
            txn, oldest->front(), now,
            {.action = "audit.loss_accepted",
             .details = {{"loss", loss.name},
                         {"missing_events", absl::StrCat(loss.events)},
                         {"missing_accounts", absl::StrCat(loss.accounts)}}});
      });
}

}  // namespace signet::server
