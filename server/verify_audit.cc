// SPDX-License-Identifier: Apache-2.0
#include "server/verify_audit.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "server/audit/audit_head_check.h"
#include "server/audit/audit_verify.h"
#include "server/audit_head_file.h"
#include "server/open_store.h"
#include "server/seal/seal_check.h"

namespace signet::server {
namespace {

std::string Line(const audit::AuditFault& fault) {
  std::string line = fault.account_id == Uuid()
                         ? std::string("database")
                         : "account " + fault.account_id.ToString();
  if (fault.sequence != 0) absl::StrAppend(&line, " event ", fault.sequence);
  if (!fault.row.empty()) absl::StrAppend(&line, " ", fault.row);
  absl::StrAppend(&line, ": ", std::string(fault.what), "\n");
  return line;
}

// Whether the file outside says what the database does. Nobody writes to that,
// so that it is not ahead unless a server was killed.
absl::Status VerifyHeadFile(
    const std::string& path, const ExistingStore& opened,
    const audit::AuditHeads& heads,
    absl::FunctionRef<void(const audit::AuditFault&)> report) {
  const absl::StatusOr<std::optional<std::string>> text =
      ReadAuditHeadFile(path);
  if (!text.ok()) {
    return config::FlagError("audit_head_file",
                             std::string(text.status().message()));
  }
  if (!text->has_value()) {
    report({.what = "the audit head file is missing"});
    return absl::OkStatus();
  }
  const absl::StatusOr<AuditHeadFile> file =
      ParseAuditHeadFile(*opened.keyring, **text);
  if (!file.ok()) {
    report(
        {.what = "the audit head file was altered, or made with other keys"});
    return absl::OkStatus();
  }
  std::optional<audit::AuditHead> head;
  absl::Status status =
      storage::ReadAndWait(*opened.store, [&](storage::ReadTxn& txn) {
        const absl::StatusOr<std::optional<audit::AuditHead>> found =
            heads.Read(txn);
        head = found.value_or(std::nullopt);
        // One that was altered is reported already.
        return absl::IsDataLoss(found.status()) ? absl::OkStatus()
                                                : found.status();
      });
  if (!status.ok() || !head.has_value()) return status;
  if (head->database != file->database) {
    report({.what = "the audit head file is another database's"});
  } else if (head->events < file->events || head->accounts < file->accounts ||
             head->changes < file->changes) {
    report({.what = "the database is older than the audit head file says",
            .row = absl::StrCat("got ", head->events, " events of ",
                                head->accounts, " accounts, want ",
                                file->events, " of ", file->accounts)});
  } else if (head->changes == file->changes &&
             !file->Says(*opened.keyring, *head)) {
    report({.what = "the database is as long as the audit head file says, but "
                    "another one"});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyAuditLogs(const config::ServerConfig& config,
                             const Environment& environment) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<ExistingStore> opened = OpenExistingStore(
      config, *environment.random, environment.logger, MalformedRows::kLeft);
  if (!opened.ok()) return opened.status();

  absl::Status shown;
  uint64_t faults = 0;
  const auto report = [&](const audit::AuditFault& fault) {
    ++faults;
    shown.Update(environment.show(Line(fault)));
  };
  storage::Store& store = *opened->store;
  const crypto::MacKeyring& keyring = *opened->keyring;
  // What cannot be read ends that part of the check only.
  const auto unless_damaged = [&](const absl::Status& status,
                                  const char* part) {
    if (!absl::IsDataLoss(status)) return status;
    report({.what =
                "not checked to the end, as what is malformed or damaged is "
                "in the way",
            .row = part});
    return absl::OkStatus();
  };
  const audit::AuditHeads heads(&keyring, environment.random);
  absl::Status status = unless_damaged(
      ReportMalformedRows(config,
                          [&](const std::string& row) {
                            report({.what = "malformed", .row = row});
                          }),
      "rows");
  if (!status.ok()) return status;
  const absl::StatusOr<audit::AuditVerdict> verdict =
      audit::VerifyAudit(store, keyring, report);
  status = unless_damaged(verdict.status(), "audit logs");
  if (!status.ok()) return status;
  status = unless_damaged(audit::VerifyAuditHead(store, keyring, heads, report),
                          "audit head");
  if (!status.ok()) return status;
  status = unless_damaged(
      VerifyHeadFile(config.AuditHeadPath(), *opened, heads, report),
      "audit head file");
  if (!status.ok()) return status;
  const absl::StatusOr<uint64_t> rows =
      seal::VerifySeals(store, keyring, report);
  status = unless_damaged(rows.status(), "seals");
  if (!status.ok()) return status;
  const audit::AuditVerdict seen = verdict.value_or(audit::AuditVerdict());
  shown.Update(environment.show(
      absl::StrCat(seen.events, " events of ", seen.accounts, " accounts and ",
                   rows.value_or(0), " seals: ", faults, " faults\n")));
  if (!shown.ok()) return shown;
  if (faults == 0) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kDataLoss,
      "the database, its audit head file and its keys do not "
      "belong together as they are. A start says what to do about "
      "a restored backup, a missing head file, an unsealed "
      "database or other keys; if it is none of these, keep a copy "
      "for the investigation, then restore a backup",
      {.reason = "AUDIT_BROKEN"});
}

}  // namespace signet::server
