// SPDX-License-Identifier: Apache-2.0
#include "server/seal/seal_check.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/seal/row_walk.h"
#include "server/seal/seal.h"

namespace signet::seal {
namespace {

constexpr std::string_view kRowAltered =
    "the row was altered, or this server did not write it";

}  // namespace

absl::StatusOr<uint64_t> VerifySeals(
    storage::Store& store, const crypto::MacKeyring& keyring,
    absl::FunctionRef<void(const audit::AuditFault&)> report) {
  uint64_t rows = 0;
  std::vector<audit::AuditFault> faults;
  const auto check = [&faults](bool sealed, const Uuid& account_id,
                               std::string row) {
    if (sealed) return;
    faults.push_back(
        {.account_id = account_id, .what = kRowAltered, .row = std::move(row)});
  };
  RowWalk walk;
  while (!walk.done()) {
    RowWalk next = walk;
    uint64_t seen = 0;
    absl::Status status =
        storage::ReadAndWait(store, [&](storage::ReadTxn& txn) -> absl::Status {
          next = walk;  // A body may run again.
          faults.clear();
          seen = 0;
          const absl::StatusOr<RowBatch> batch = next.Step(txn);
          if (!batch.ok()) return batch.status();
          seen = batch->size();
          for (const storage::ServiceAccountRecord& record :
               batch->service_accounts) {
            check(IsSealedAlone(keyring, record), record.account_id,
                  "service account " + record.id.ToString());
          }
          for (const storage::AuthorizationRecord& record :
               batch->authorizations) {
            check(IsSealed(keyring, record), record.account_id,
                  "authorization " + record.id.ToString());
          }
          for (const storage::OwnedToken& row : batch->tokens) {
            check(IsSealed(keyring, row.account_id, row.service_account_id,
                           row.token),
                  row.account_id, "token " + row.token.public_id);
          }
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
    for (const audit::AuditFault& fault : faults) report(fault);
    rows += seen;
    walk = next;
  }
  return rows;
}

}  // namespace signet::seal
