// SPDX-License-Identifier: Apache-2.0
#include "server/seal/seal_database.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/audit/audit_log.h"
#include "server/audit/audit_mac.h"
#include "server/seal/row_walk.h"
#include "server/seal/seal.h"

namespace signet::seal {
namespace {

constexpr int kAccountsPerWrite = 200;

absl::Status CheckUnsealed(storage::ReadTxn& txn) {
  const absl::StatusOr<std::vector<storage::AuditHeadRecord>> heads =
      txn.ListAuditHeads();
  if (!heads.ok()) return heads.status();
  if (heads->empty()) return absl::OkStatus();
  return absl::FailedPreconditionError("the database is sealed already");
}

absl::Status SealRows(storage::WriteTxn& txn, const crypto::MacKeyring& keyring,
                      const RowBatch& batch) {
  for (const storage::ServiceAccountRecord& record : batch.service_accounts) {
    if (IsSealed(keyring, record)) continue;
    absl::Status s = txn.UpdateServiceAccount(Sealed(keyring, record));
    if (!s.ok()) return s;
  }
  for (const storage::AuthorizationRecord& record : batch.authorizations) {
    if (IsSealed(keyring, record)) continue;
    absl::Status s = txn.SealAuthorization(record.account_id, record.id,
                                           MakeSeal(keyring, record));
    if (!s.ok()) return s;
  }
  for (const storage::OwnedToken& row : batch.tokens) {
    storage::TokenRecord token = row.token;
    if (IsSealed(keyring, row.account_id, row.service_account_id, token)) {
      continue;
    }
    absl::Status s =
        txn.GetServiceAccount(row.account_id, row.service_account_id).status();
    // A token of nobody authenticates nobody.
    if (absl::IsNotFound(s)) continue;
    token.seal =
        MakeSeal(keyring, row.account_id, row.service_account_id, token);
    if (s.ok()) {
      s = txn.UpdateToken(row.account_id, row.service_account_id, token);
    }
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

// Whether the last event of the log says so already.
absl::StatusOr<bool> SaysSealed(storage::ReadTxn& txn, const Uuid& account) {
  storage::AuditQuery query;
  query.account_id = account;
  query.limit = 1;
  query.scan_limit = 1;
  const absl::StatusOr<storage::AuditPage> page = txn.ListAuditEvents(query);
  if (!page.ok()) return page.status();
  return !page->records.empty() &&
         page->records.front().action == kSealedAction;
}

// Appends the event to some accounts and adds their logs to `head`. The last
// account; absent if there is none.
absl::Status SealLogs(storage::WriteTxn& txn, const crypto::MacKeyring& keyring,
                      absl::Time now, const std::optional<Uuid>& after,
                      audit::AuditHead& head, std::optional<Uuid>& last) {
  const absl::StatusOr<std::vector<Uuid>> accounts =
      txn.ListAccounts(after, kAccountsPerWrite);
  if (!accounts.ok()) return accounts.status();
  last = std::nullopt;
  const audit::AuditLog& log = audit::AuditLog::WithoutHead(&keyring);
  for (const Uuid& account : *accounts) {
    last = account;
    const absl::StatusOr<bool> said = SaysSealed(txn, account);
    if (!said.ok()) return said.status();
    if (!*said) {
      absl::Status s = log.AppendSystem(txn, account, now,
                                        {.action = std::string(kSealedAction)});
      if (!s.ok()) return s;
    }
    const absl::StatusOr<storage::AuditChainRecord> chain =
        txn.GetAuditChain(account);
    if (!chain.ok()) return chain.status();
    audit::AddTo(head.digest, audit::DigestOf(keyring, *chain));
    ++head.accounts;
    head.events += chain->last_sequence;
  }
  return absl::OkStatus();
}

// Counts what a batch holds, and shows who is powerful.
void CountRows(
    const RowBatch& batch, SealedRows& rows,
    absl::FunctionRef<void(const storage::AuthorizationRecord&)> show) {
  rows.service_accounts += batch.service_accounts.size();
  rows.tokens += batch.tokens.size();
  rows.authorizations += batch.authorizations.size();
  for (const storage::AuthorizationRecord& grant : batch.authorizations) {
    if (grant.revoked_at.has_value()) continue;
    switch (grant.grant_kind) {
      case storage::GrantKind::kCapability:
        continue;
      case storage::GrantKind::kAccountOwner:
        ++rows.account_owners;
        break;
      case storage::GrantKind::kSuperAdmin:
        ++rows.super_admins;
        break;
    }
    show(grant);
  }
}

}  // namespace

absl::StatusOr<SealedRows> SealDatabase(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const Clock& clock, RandomSource& random,
    absl::FunctionRef<void(const storage::AuthorizationRecord&)> show,
    absl::FunctionRef<void(uint64_t)> progress) {
  absl::Status status = storage::ReadAndWait(store, CheckUnsealed);
  if (!status.ok()) return status;

  SealedRows rows;
  RowWalk walk;
  uint64_t seen = 0;
  while (!walk.done()) {
    RowWalk next;
    RowBatch batch;
    status = storage::WriteAndWait(
        store, [&](storage::WriteTxn& txn) -> absl::Status {
          next = walk;  // A body may run again.
          absl::StatusOr<RowBatch> step = next.Step(txn);
          if (!step.ok()) return step.status();
          batch = *std::move(step);
          return SealRows(txn, keyring, batch);
        });
    if (!status.ok()) return status;
    walk = next;
    CountRows(batch, rows, show);
    progress(seen += batch.size());
  }

  audit::AuditHead head = audit::NewAuditHead(random, clock.Now());
  std::optional<Uuid> after;
  do {
    audit::AuditHead sum;
    std::optional<Uuid> last;
    status = storage::WriteAndWait(store, [&](storage::WriteTxn& txn) {
      sum = head;
      return SealLogs(txn, keyring, clock.Now(), after, sum, last);
    });
    if (!status.ok()) return status;
    head = sum;
    after = last;
    progress(seen + head.accounts);
  } while (after.has_value());
  head.changes = head.events;
  rows.accounts = head.accounts;
  rows.head = head;

  const audit::AuditHeads heads(&keyring, &random);
  status = storage::WriteAndWait(store, [&](storage::WriteTxn& txn) {
    absl::Status unsealed = CheckUnsealed(txn);
    return unsealed.ok() ? heads.Put(txn, head) : unsealed;
  });
  if (!status.ok()) return status;
  return rows;
}

}  // namespace signet::seal
