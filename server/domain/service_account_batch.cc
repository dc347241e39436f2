// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/domain/cover.h"
#include "server/domain/page_token.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/service_account_filter.h"
#include "server/domain/service_accounts.h"
#include "server/domain/violations.h"
#include "storage/page_filler.h"

namespace signet::domain {
namespace {

constexpr char kBatchQuestion[] = "signet batch revoke v1";

// In one transaction, during which nobody else writes; and how many governing
// grants they hold in all, before the last one.
constexpr size_t kMaxBatchRevoked = 100;
constexpr int kMaxBatchGrants = 2000;

// Of one read on the way there: rows that meet the conditions, and the grants
// that are read to see who is covered. A call makes so many reads.
constexpr int kBatchPageRows = 200;
constexpr int kMaxBatchPageGrants = 10000;
constexpr int kMaxBatchPages = 10;

}  // namespace

struct ServiceAccounts::BatchCall {
  // What a read found.
  struct Found {
    std::vector<storage::ServiceAccountRecord> covered = {};
    int not_covered = 0;
    int64_t bytes = 0;    // Of `covered`,
    int grants = 0;       // and what they hold.
    int grants_read = 0;  // Of all that were looked at.
    // Where the next one begins; absent: nowhere.
    std::optional<storage::ServiceAccountPosition> next = {};
  };

  identity::CallerPtr caller = nullptr;
  absl::Time now = {};
  storage::ServiceAccountQuery query = {};  // Moves on from read to read.
  std::string question = {};
  Revocation revocation = {};
  bool dry_run = false;
  Done<Batch> done = nullptr;
  Found found = {};  // By all reads so far.
  int pages = 0;

  // Whether no more go into one transaction and one answer.
  bool IsFull(const Found& page) const {
    return found.covered.size() + page.covered.size() >= kMaxBatchRevoked ||
           found.bytes + page.bytes >= kMaxPageBytes ||
           found.grants + page.grants >= kMaxBatchGrants;
  }

  // Who is to be ended, from the query's position on.
  absl::StatusOr<Found> ReadPage(storage::ReadTxn& txn) const {
    absl::StatusOr<storage::ServiceAccountPage> rows =
        txn.ListServiceAccounts(query);
    if (!rows.ok()) return rows.status();
    Found page = {.next = query.after};
    Rights rights(&txn, caller->principal.Subjects());
    for (storage::ServiceAccountRecord& record : rows->records) {
      if (IsFull(page) || page.grants_read >= kMaxBatchPageGrants) return page;
      page.next = storage::PositionOf(record, query);
      if (IsItself(caller->principal, record)) continue;
      int read = 0;
      const absl::Status covered =
          CheckCovers(txn, rights, record.id, Cover::kGoverning, &read);
      page.grants_read += read;
      if (covered.ok()) {
        page.bytes += storage::BytesOf(record);
        page.grants += read;
        page.covered.push_back(std::move(record));
      } else if (absl::IsPermissionDenied(covered)) {
        ++page.not_covered;
      } else {
        return covered;
      }
    }
    page.next = std::move(rows->next);
    return page;
  }

  // Whether it has been searched for as long as one call does.
  bool Take(Found page) {
    std::move(page.covered.begin(), page.covered.end(),
              std::back_inserter(found.covered));
    found.not_covered += page.not_covered;
    found.bytes += page.bytes;
    found.grants += page.grants;
    query.after = std::move(page.next);
    return !query.after.has_value() || IsFull({}) || ++pages >= kMaxBatchPages;
  }

  // Those found who are still to be ended; some may have changed since.
  absl::StatusOr<Batch> Evaluate(storage::ReadTxn& txn,
                                 OauthOwners oauth_owners,
                                 absl::Time at) const {
    const absl::Status access =
        AuthorizeCaller(txn, *caller, at, query.account_id, kChangeRight)
            .status();
    if (!access.ok()) return access;
    Batch batch = {.not_covered = found.not_covered};
    Rights rights(&txn, caller->principal.Subjects());
    for (const storage::ServiceAccountRecord& one : found.covered) {
      absl::StatusOr<storage::ServiceAccountRecord> record =
          txn.GetServiceAccount(one.account_id, one.id);
      if (absl::IsNotFound(record.status())) continue;
      if (!record.ok()) return record.status();
      if (!query.filter.Matches(*record)) continue;
      const absl::Status covered =
          CheckCovers(txn, rights, record->id, Cover::kGoverning);
      if (covered.ok()) {
        batch.records.push_back(*std::move(record));
      } else if (absl::IsPermissionDenied(covered)) {
        ++batch.not_covered;
      } else {
        return covered;
      }
    }
    std::sort(batch.records.begin(), batch.records.end(),
              [](const auto& a, const auto& b) { return b.id < a.id; });
    absl::Status status =
        CheckMayLose(txn, caller->principal, oauth_owners, at, batch.records);
    if (!status.ok()) return status;
    return batch;
  }
};

void ServiceAccounts::BatchRevoke(identity::CallerPtr caller,
                                  const BatchRevokeRequest& request,
                                  Done<Batch> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  storage::ServiceAccountQuery query;
  query.account_id =
      violations.TakeId("account_id", request.account_id).value_or(Uuid());
  query.filter = ReadConditions(request.conditions, now, violations);
  query.filter.include_revoked = false;
  BoundPage(kBatchPageRows, request.page_token, query, violations);
  if (query.filter.state == storage::ServiceAccountState::kRevoked) {
    violations.Add("state", "want active, expired or disabled");
  }
  if (query.filter.name_prefix.empty() && !query.filter.state.has_value() &&
      !query.filter.expires_before.has_value() &&
      !query.filter.unused_since.has_value()) {
    violations.Add("name_prefix",
                   "want at least one condition: name_prefix, state, "
                   "expires_before or unused_since");
  }
  // By name, no row is looked at that begins otherwise.
  if (!query.filter.name_prefix.empty()) {
    query.order = storage::ServiceAccountOrder::kName;
  }
  std::string question = QuestionOf(kBatchQuestion, query);
  if (!request.page_token.empty()) {
    TakePosition(*keyring_, question, request.page_token, query, violations);
  }
  Revocation revocation =
      ReadRevocation(request.reason, request.comment,
                     storage::RevokeReason::kUnspecified, violations);
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  SearchBatch(
      std::make_shared<BatchCall>(BatchCall{.caller = std::move(caller),
                                            .now = now,
                                            .query = std::move(query),
                                            .question = std::move(question),
                                            .revocation = std::move(revocation),
                                            .dry_run = request.dry_run,
                                            .done = std::move(done)}));
}

void ServiceAccounts::SearchBatch(const std::shared_ptr<BatchCall>& call) {
  storage::ReadOptions options =
      identity::ScanFor(call->caller, call->query.account_id);
  ReadOutcome<BatchCall::Found>(
      *store_, std::move(options),
      [this, call](storage::ReadTxn& txn) -> absl::StatusOr<BatchCall::Found> {
        const absl::Status access =
            AuthorizeCaller(txn, *call->caller, clock_->Now(),
                            call->query.account_id, kChangeRight)
                .status();
        if (!access.ok()) return access;
        return call->ReadPage(txn);
      },
      [this, call](absl::StatusOr<BatchCall::Found> page) {
        if (!page.ok()) {
          std::move(call->done)(page.status());
        } else if (call->Take(*std::move(page))) {
          EndBatch(call);
        } else {
          SearchBatch(call);
        }
      });
}

void ServiceAccounts::EndBatch(const std::shared_ptr<BatchCall>& call) {
  const auto answer = [this, call](absl::StatusOr<Batch> batch) {
    if (batch.ok()) {
      for (storage::ServiceAccountRecord& record : batch->records) {
        record = Shown(std::move(record));
      }
      if (call->query.after.has_value()) {
        batch->next_page_token =
            MakePageToken(*keyring_, call->question, *call->query.after);
      }
    }
    std::move(call->done)(std::move(batch));
  };
  if (call->found.covered.empty()) {
    answer(Batch{.not_covered = call->found.not_covered});
    return;
  }
  if (call->dry_run) {
    storage::ReadOptions options =
        identity::ScanFor(call->caller, call->query.account_id);
    ReadOutcome<Batch>(
        *store_, std::move(options),
        [this, call](storage::ReadTxn& txn) {
          return call->Evaluate(txn, policy_.oauth_owners, clock_->Now());
        },
        answer);
    return;
  }
  storage::WriteOptions options =
      identity::WriteFor(call->caller, call->query.account_id);
  WriteOutcome<Batch>(
      *store_, std::move(options),
      [this, call](storage::WriteTxn& txn) -> absl::StatusOr<Batch> {
        absl::StatusOr<Batch> batch =
            call->Evaluate(txn, policy_.oauth_owners, clock_->Now());
        if (!batch.ok()) return batch;
        for (storage::ServiceAccountRecord& record : batch->records) {
          audit::AuditEntry entry =
              ServiceAccountEntry("service_account.revoke", record.id);
          MarkRevoked(record, *call->caller, call->now, call->revocation,
                      entry);
          absl::Status status = txn.UpdateServiceAccount(record);
          if (status.ok()) {
            status = audit_->Append(txn, record.account_id, *call->caller,
                                    call->now, entry);
          }
          if (!status.ok()) return status;
        }
        return batch;
      },
      answer);
}

}  // namespace signet::domain
