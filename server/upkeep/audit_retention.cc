// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/audit_retention.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "server/audit/audit_mac.h"

namespace signet::upkeep {
namespace {

constexpr int kAccountsPerRead = 100;
constexpr int kEventsPerWrite = 100;

// The oldest events of the account.
storage::AuditQuery FrontOf(const Uuid& account, int limit) {
  storage::AuditQuery query;
  query.account_id = account;
  query.descending = false;
  query.limit = limit;
  query.scan_limit = limit;
  return query;
}

struct Accounts {
  std::vector<Uuid> due;      // Whose first event is old.
  std::optional<Uuid> after;  // Absent behind the last account.
};

absl::Status FindDue(storage::ReadTxn& txn, absl::Time keep_from,
                     const std::optional<Uuid>& after, Accounts& out) {
  out = Accounts();  // A body may run again.
  const absl::StatusOr<std::vector<Uuid>> accounts =
      txn.ListAuditedAccounts(after, kAccountsPerRead);
  if (!accounts.ok()) return accounts.status();
  for (const Uuid& account : *accounts) {
    const absl::StatusOr<storage::AuditPage> first =
        txn.ListAuditEvents(FrontOf(account, 1));
    if (!first.ok()) return first.status();
    if (!first->records.empty() && first->records.front().at < keep_from) {
      out.due.push_back(account);
    }
  }
  if (!accounts->empty()) out.after = accounts->back();
  return absl::OkStatus();
}

struct Trim {
  bool sound = true;  // Whether what was looked at verifies.
  bool more = false;  // Whether there may be more to remove.
};

absl::Status TrimSome(storage::WriteTxn& txn, const crypto::MacKeyring& keyring,
                      const audit::AuditLog& log, absl::Time now,
                      absl::Time keep_from, const Uuid& account, Trim& out) {
  out = Trim();  // A body may run again.
  absl::StatusOr<storage::AuditChainRecord> chain = txn.GetAuditChain(account);
  if (!chain.ok() && !absl::IsNotFound(chain.status())) return chain.status();
  out.sound = chain.ok() && audit::HasGoodMac(keyring, *chain);
  if (!out.sound) return absl::OkStatus();
  const absl::StatusOr<storage::AuditPage> page =
      txn.ListAuditEvents(FrontOf(account, kEventsPerWrite));
  if (!page.ok()) return page.status();
  const storage::AuditChainRecord untrimmed = *chain;
  for (const storage::AuditEventRecord& event : page->records) {
    if (event.at >= keep_from || event.sequence >= chain->last_sequence) break;
    // What was found broken is kept as evidence.
    out.sound = event.action != audit::kAuditBrokenAction &&
                event.sequence == chain->first_sequence &&
                audit::HasGoodMac(keyring, chain->mac_before_first, event);
    if (!out.sound) break;
    chain->first_sequence = event.sequence + 1;
    chain->mac_before_first = event.mac;
  }
  const uint64_t removed = chain->first_sequence - untrimmed.first_sequence;
  if (removed == 0) return absl::OkStatus();
  out.more = removed == static_cast<uint64_t>(kEventsPerWrite);
  audit::SetMac(keyring, *chain);
  absl::Status status =
      txn.DeleteAuditEventsBefore(account, chain->first_sequence);
  if (status.ok()) status = log.PutTrimmed(txn, now, untrimmed, *chain);
  return status;
}

}  // namespace

absl::Status TrimAuditLogs(storage::Store& store,
                           const crypto::MacKeyring& keyring,
                           const audit::AuditLog& log, absl::Time now,
                           absl::Time keep_from, Logger& logger,
                           absl::FunctionRef<bool()> stopping) {
  std::optional<Uuid> after;
  do {
    Accounts accounts;
    absl::Status status = storage::ReadAndWait(
        store,
        [&](storage::ReadTxn& txn) {
          return FindDue(txn, keep_from, after, accounts);
        },
        storage::ReadKind::kScan);
    if (!status.ok()) return status;
    for (const Uuid& account : accounts.due) {
      Trim trim;
      do {
        if (stopping()) return absl::OkStatus();
        status = storage::WriteAndWait(
            store,
            [&](storage::WriteTxn& txn) {
              return TrimSome(txn, keyring, log, now, keep_from, account, trim);
            },
            {.account_id = account});
        if (!status.ok()) return status;
      } while (trim.sound && trim.more);
      if (!trim.sound) {
        logger.Error("an audit log does not verify and is not trimmed",
                     {{"account_id", account.ToString()}});
      }
    }
    after = accounts.after;
  } while (after.has_value() && !stopping());
  return absl::OkStatus();
}

}  // namespace signet::upkeep
