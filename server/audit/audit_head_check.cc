// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_head_check.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/audit/audit_mac.h"

namespace signet::audit {
namespace {

constexpr int kChainsPerRead = 500;

// What some accounts' logs add up to.
struct ChainSum {
  uint64_t logs = 0;
  crypto::Sha256Digest digest = {};
  std::vector<Uuid> without;  // Accounts that have none.
  std::optional<Uuid> after;  // Absent behind the last account.
};

absl::Status SumChains(storage::ReadTxn& txn, const crypto::MacKeyring& keyring,
                       const std::optional<Uuid>& after, ChainSum& out) {
  out = ChainSum();  // A body may run again.
  const absl::StatusOr<std::vector<Uuid>> accounts =
      txn.ListAccounts(after, kChainsPerRead);
  if (!accounts.ok()) return accounts.status();
  for (const Uuid& account : *accounts) {
    const absl::StatusOr<storage::AuditChainRecord> chain =
        txn.GetAuditChain(account);
    if (absl::IsNotFound(chain.status())) {
      out.without.push_back(account);
      continue;
    }
    if (!chain.ok()) return chain.status();
    ++out.logs;
    // One that was altered adds nothing that the head has.
    if (HasGoodMac(keyring, *chain)) {
      AddTo(out.digest, DigestOf(keyring, *chain));
    }
  }
  if (!accounts->empty()) out.after = accounts->back();
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyAuditHead(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const AuditHeads& heads,
    absl::FunctionRef<void(const AuditFault&)> report) {
  uint64_t logs = 0;
  crypto::Sha256Digest digest = {};
  std::optional<Uuid> after;
  do {
    ChainSum sum;
    absl::Status status =
        storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
          return SumChains(txn, keyring, after, sum);
        });
    if (!status.ok()) return status;
    for (const Uuid& account : sum.without) {
      report({.account_id = account, .what = "the account has no audit log"});
    }
    logs += sum.logs;
    AddTo(digest, sum.digest);
    after = sum.after;
  } while (after.has_value());

  absl::StatusOr<std::optional<AuditHead>> head = std::nullopt;
  absl::Status status = storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
    head = heads.Read(txn);
    return absl::IsDataLoss(head.status()) ? absl::OkStatus() : head.status();
  });
  if (!status.ok()) return status;
  if (!head.ok()) {
    report({.what = "the audit head was altered, or made with other keys"});
  } else if (!head->has_value()) {
    report({.what = "there is no audit head: the database is not sealed"});
  } else if ((*head)->accounts != logs) {
    report({.what = "audit logs are missing, or there are too many",
            .row = absl::StrCat("got ", logs, ", want ", (*head)->accounts)});
  } else if ((*head)->digest != digest) {
    report({.what =
                "the audit logs are not, all together, where they were: one "
                "was put back to an earlier state, or altered"});
  }
  return absl::OkStatus();
}

}  // namespace signet::audit
