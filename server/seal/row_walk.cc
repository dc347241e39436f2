// SPDX-License-Identifier: Apache-2.0
#include "server/seal/row_walk.h"

#include <iterator>
#include <utility>

namespace signet::seal {
namespace {

constexpr int kRowsPerStep = 500;
// Accounts of few rows share a step.
constexpr int kReadsPerStep = 200;

template <typename Record>
void Append(std::vector<Record>&& records, std::vector<Record>& out) {
  out.insert(out.end(), std::make_move_iterator(records.begin()),
             std::make_move_iterator(records.end()));
}

}  // namespace

absl::StatusOr<RowBatch> RowWalk::Step(storage::ReadTxn& txn) {
  RowBatch batch;
  if (!begun_) {
    begun_ = true;
    if (absl::Status s = NextAccount(txn); !s.ok()) return s;
  }
  for (int reads = 0; reads < kReadsPerStep && !done() &&
                      batch.size() < static_cast<size_t>(kRowsPerStep);
       ++reads) {
    absl::Status status;
    switch (stage_) {
      case Stage::kServiceAccounts:
        status = TakeServiceAccounts(txn, batch);
        break;
      case Stage::kAuthorizations:
        status = TakeAuthorizations(txn, batch);
        break;
      case Stage::kTokens:
        status = TakeTokens(txn, batch);
        break;
      case Stage::kDone:
        break;
    }
    if (!status.ok()) return status;
  }
  return batch;
}

absl::Status RowWalk::NextAccount(storage::ReadTxn& txn) {
  const absl::StatusOr<std::vector<Uuid>> next = txn.ListAccounts(account_, 1);
  if (!next.ok()) return next.status();
  stage_ = next->empty() ? Stage::kTokens : Stage::kServiceAccounts;
  if (!next->empty()) account_ = next->front();
  return absl::OkStatus();
}

absl::Status RowWalk::TakeServiceAccounts(storage::ReadTxn& txn,
                                          RowBatch& batch) {
  storage::ServiceAccountQuery query;
  query.account_id = *account_;
  query.filter.include_revoked = true;
  query.descending = false;
  query.after = after_service_account_;
  query.limit = kRowsPerStep;
  query.scan_limit = kRowsPerStep;
  absl::StatusOr<storage::ServiceAccountPage> page =
      txn.ListServiceAccounts(query);
  if (!page.ok()) return page.status();
  Append(std::move(page->records), batch.service_accounts);
  after_service_account_ = page->next;
  if (!page->next.has_value()) stage_ = Stage::kAuthorizations;
  return absl::OkStatus();
}

absl::Status RowWalk::TakeAuthorizations(storage::ReadTxn& txn,
                                         RowBatch& batch) {
  storage::AuthorizationQuery query;
  query.account_id = *account_;
  query.include_revoked = true;
  query.after = after_authorization_;
  query.limit = kRowsPerStep;
  query.scan_limit = kRowsPerStep;
  absl::StatusOr<storage::AuthorizationPage> page =
      txn.ListAuthorizations(query);
  if (!page.ok()) return page.status();
  Append(std::move(page->records), batch.authorizations);
  after_authorization_ = page->next;
  return page->next.has_value() ? absl::OkStatus() : NextAccount(txn);
}

absl::Status RowWalk::TakeTokens(storage::ReadTxn& txn, RowBatch& batch) {
  absl::StatusOr<std::vector<storage::OwnedToken>> tokens =
      txn.ListTokens(after_token_, kRowsPerStep);
  if (!tokens.ok()) return tokens.status();
  if (tokens->size() < static_cast<size_t>(kRowsPerStep)) {
    stage_ = Stage::kDone;
  }
  if (!tokens->empty()) after_token_ = tokens->back().token.public_id;
  Append(std::move(*tokens), batch.tokens);
  return absl::OkStatus();
}

}  // namespace signet::seal
