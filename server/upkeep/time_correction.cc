// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/time_correction.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "server/upkeep/watermark.h"

namespace signet::upkeep {
namespace {

constexpr int kAccountsPerLook = 1000;
constexpr int kGrantsPerLook = 1000;
constexpr size_t kCorrectionsPerWrite = 100;

// All that have an audit log, which an account gets with its first change.
absl::StatusOr<std::vector<Uuid>> AllAccounts(storage::Store& store) {
  std::vector<Uuid> all;
  size_t found = 0;
  do {
    const absl::Status status =
        storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
          const std::optional<Uuid> after =
              all.empty() ? std::nullopt : std::optional(all.back());
          const absl::StatusOr<std::vector<Uuid>> some =
              txn.ListAuditedAccounts(after, kAccountsPerLook);
          if (!some.ok()) return some.status();
          all.insert(all.end(), some->begin(), some->end());
          found = some->size();
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
  } while (found == static_cast<size_t>(kAccountsPerLook));
  return all;
}

absl::StatusOr<bool> HasSuperAdmin(storage::Store& store,
                                   const Uuid& account_id) {
  storage::AuthorizationQuery query;
  query.account_id = account_id;
  query.grant_kind = storage::GrantKind::kSuperAdmin;
  query.limit = 1;
  query.scan_limit = kGrantsPerLook;
  storage::AuthorizationPage page;
  do {
    const absl::Status status =
        storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
          absl::StatusOr<storage::AuthorizationPage> read =
              txn.ListAuthorizations(query);
          if (!read.ok()) return read.status();
          page = *std::move(read);
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
    query.after = page.next;
  } while (page.records.empty() && query.after.has_value());
  return !page.records.empty();
}

// What it is: a time, `none` or `malformed`.
absl::StatusOr<std::string> DescribeMark(storage::ReadTxn& txn) {
  std::optional<absl::Time> time;
  const absl::Status status = ReadWatermark(txn, kTimeWatermark, time);
  if (absl::IsFailedPrecondition(status)) return "malformed";
  if (!status.ok()) return status;
  return time.has_value() ? FormatRfc3339(*time) : "none";
}

// Whose logs are to tell of it.
absl::StatusOr<std::vector<Uuid>> Concerned(storage::Store& store) {
  absl::StatusOr<std::vector<Uuid>> all = AllAccounts(store);
  if (!all.ok()) return all.status();
  std::vector<Uuid> administered;
  for (const Uuid& account_id : *all) {
    const absl::StatusOr<bool> has = HasSuperAdmin(store, account_id);
    if (!has.ok()) return has.status();
    if (*has) administered.push_back(account_id);
  }
  if (administered.empty()) return all;
  return administered;
}

}  // namespace

absl::StatusOr<std::string> CorrectTimeMark(storage::Store& store,
                                            const audit::AuditLog& audit,
                                            absl::Time mark, absl::Time now) {
  const absl::StatusOr<std::vector<Uuid>> accounts = Concerned(store);
  if (!accounts.ok()) return accounts.status();

  mark = WholeMicros(mark);
  std::string before;
  std::span<const Uuid> left = *accounts;
  do {
    const auto some = left.first(std::min(left.size(), kCorrectionsPerWrite));
    left = left.subspan(some.size());
    absl::Status status =
        storage::WriteAndWait(store, [&](storage::WriteTxn& txn) {
          absl::StatusOr<std::string> old = DescribeMark(txn);
          if (!old.ok()) return old.status();
          before = *std::move(old);
          const audit::AuditEntry entry = {
              .action = "time.correct",
              .details = {{"old", before}, {"new", FormatRfc3339(mark)}}};
          absl::Status written;
          for (const Uuid& account_id : some) {
            written.Update(audit.AppendSystem(txn, account_id, now, entry));
          }
          if (written.ok() && left.empty()) {
            written = txn.SetWatermark(kTimeWatermark, mark);
          }
          return written;
        });
    if (!status.ok()) return status;
  } while (!left.empty());
  return before;
}

}  // namespace signet::upkeep
