// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_verify.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/audit/audit_log.h"
#include "server/audit/audit_mac.h"
#include "server/audit/row_history.h"

namespace signet::audit {
namespace {

constexpr int kRowsPerRead = 1000;

// Follows one account's log from its first event to its last.
class LogWalk {
 public:
  LogWalk(const crypto::MacKeyring& keyring,
          const storage::AuditChainRecord& chain,
          absl::FunctionRef<void(const AuditFault&)> report)
      : keyring_(keyring),
        chain_(chain),
        report_(report),
        next_(chain.first_sequence),
        previous_mac_(chain.mac_before_first) {}

  // Each in order of its sequence number. Whether it verifies.
  bool Visit(const storage::AuditEventRecord& event) {
    if (event.sequence < chain_.first_sequence) {
      Report(event.sequence, "an event before the log's first");
      return false;
    }
    if (event.sequence > chain_.last_sequence) {
      Finish();
      Report(event.sequence, "an event behind the log's last");
      return false;
    }
    bool follows = true;
    if (event.sequence > next_) {
      Report(next_, "missing");
      follows = false;  // What its MAC is made over is gone.
    }
    const bool good = follows && HasGoodMac(keyring_, previous_mac_, event);
    if (follows && !good) {
      Report(event.sequence, "altered, or not of this place");
    }
    if (event.action == kAuditBrokenAction) {
      Report(event.sequence, "the log was found broken when this was written");
    }
    next_ = event.sequence + 1;
    previous_mac_ = event.mac;
    return good;
  }

  // Behind the last event that is there. Idempotent.
  void Finish() {
    if (std::exchange(finished_, true)) return;
    if (next_ <= chain_.last_sequence) {
      Report(next_, "missing");
    } else if (previous_mac_ != chain_.last_mac) {
      Report(chain_.last_sequence, "not what the record of both ends says");
    }
  }

 private:
  void Report(uint64_t sequence, std::string_view what) {
    report_(
        {.account_id = chain_.account_id, .sequence = sequence, .what = what});
  }

  const crypto::MacKeyring& keyring_;
  const storage::AuditChainRecord chain_;
  const absl::FunctionRef<void(const AuditFault&)> report_;
  uint64_t next_;  // The sequence number that comes next.
  crypto::Sha256Digest previous_mac_;
  bool finished_ = false;
};

// The record of both ends; nullopt where there is none.
absl::StatusOr<std::optional<storage::AuditChainRecord>> ReadChain(
    storage::Store& store, const Uuid& account) {
  std::optional<storage::AuditChainRecord> chain;
  absl::Status status = storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
    chain.reset();  // A body may run again.
    absl::StatusOr<storage::AuditChainRecord> found =
        txn.GetAuditChain(account);
    if (absl::IsNotFound(found.status())) return absl::OkStatus();
    if (!found.ok()) return found.status();
    chain = *std::move(found);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return chain;
}

absl::StatusOr<storage::AuditPage> ReadEvents(
    storage::Store& store, const storage::AuditQuery& query) {
  absl::StatusOr<storage::AuditPage> page = absl::UnknownError("not read");
  absl::Status status = storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
    page = txn.ListAuditEvents(query);
    return page.status();
  });
  if (!status.ok()) return status;
  return page;
}

absl::StatusOr<std::vector<Uuid>> ReadAccounts(
    storage::Store& store, const std::optional<Uuid>& after) {
  absl::StatusOr<std::vector<Uuid>> accounts = absl::UnknownError("not read");
  absl::Status status = storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
    accounts = txn.ListAuditedAccounts(after, kRowsPerRead);
    return accounts.status();
  });
  if (!status.ok()) return status;
  return accounts;
}

// Follows the events, which verify.
absl::Status CompareRows(storage::Store& store,
                         const std::vector<storage::AuditEventRecord>& events,
                         RowHistory& rows,
                         absl::FunctionRef<void(const AuditFault&)> report) {
  std::vector<AuditFault> faults;
  absl::Status status =
      storage::ReadAndWait(store, [&](storage::ReadTxn& txn) -> absl::Status {
        faults.clear();  // A body may run again.
        for (const storage::AuditEventRecord& event : events) {
          if (absl::Status s = rows.Follow(txn, event, faults); !s.ok())
            return s;
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  for (const AuditFault& fault : faults) report(fault);
  return absl::OkStatus();
}

// The number of events looked at.
absl::StatusOr<uint64_t> VerifyLog(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const Uuid& account, absl::FunctionRef<void(const AuditFault&)> report) {
  const absl::StatusOr<std::optional<storage::AuditChainRecord>> chain =
      ReadChain(store, account);
  if (!chain.ok()) return chain.status();
  storage::AuditQuery query;
  query.account_id = account;
  query.descending = false;
  query.limit = kRowsPerRead;
  query.scan_limit = kRowsPerRead;
  if (!chain->has_value()) {
    const absl::StatusOr<storage::AuditPage> page = ReadEvents(store, query);
    if (!page.ok()) return page.status();
    if (!page->records.empty()) {
      report({.account_id = account,
              .sequence = 0,
              .what = "the record of both ends is missing"});
    }
    return page->records.size();
  }
  if (!HasGoodMac(keyring, **chain)) {
    report({.account_id = account,
            .sequence = 0,
            .what = "the record of both ends was altered"});
  }
  LogWalk walk(keyring, **chain, report);
  RowHistory rows(account);
  uint64_t events = 0;
  do {
    absl::StatusOr<storage::AuditPage> page = ReadEvents(store, query);
    if (!page.ok()) return page.status();
    events += page->records.size();
    std::erase_if(page->records,
                  [&walk](const storage::AuditEventRecord& event) {
                    return !walk.Visit(event);
                  });
    absl::Status status = CompareRows(store, page->records, rows, report);
    if (!status.ok()) return status;
    query.after = page->next;
  } while (query.after.has_value());
  walk.Finish();
  std::vector<AuditFault> faults;
  rows.Finish(faults);
  for (const AuditFault& fault : faults) report(fault);
  return events;
}

}  // namespace

absl::StatusOr<AuditVerdict> VerifyAudit(
    storage::Store& store, const crypto::MacKeyring& keyring,
    absl::FunctionRef<void(const AuditFault&)> report) {
  AuditVerdict verdict;
  const auto count_and_report = [&](const AuditFault& fault) {
    ++verdict.faults;
    report(fault);
  };
  std::optional<Uuid> after;
  while (true) {
    const absl::StatusOr<std::vector<Uuid>> accounts =
        ReadAccounts(store, after);
    if (!accounts.ok()) return accounts.status();
    if (accounts->empty()) return verdict;
    for (const Uuid& account : *accounts) {
      const absl::StatusOr<uint64_t> events =
          VerifyLog(store, keyring, account, count_and_report);
      if (!events.ok()) return events.status();
      verdict.events += *events;
      ++verdict.accounts;
    }
    after = accounts->back();
  }
}

}  // namespace signet::audit
