// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEAL_ROW_WALK_H_
#define SIGNET_SERVER_SEAL_ROW_WALK_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "storage/store.h"

namespace signet::seal {

// Some of the rows that carry seals.
struct RowBatch {
  std::vector<storage::ServiceAccountRecord> service_accounts;
  std::vector<storage::AuthorizationRecord> authorizations;
  std::vector<storage::OwnedToken> tokens;

  size_t size() const {
    return service_accounts.size() + authorizations.size() + tokens.size();
  }
};

// Goes over all rows of a database that carry seals, some at a time: account by
// account its service accounts and authorizations, then all tokens. A plain
// value: a copy goes on from the same place.
class RowWalk {
 public:
  // The next rows, some hundreds; fewer, even none, mean nothing until done().
  // The store's errors.
  absl::StatusOr<RowBatch> Step(storage::ReadTxn& txn);

  bool done() const { return stage_ == Stage::kDone; }

 private:
  enum class Stage { kServiceAccounts, kAuthorizations, kTokens, kDone };

  absl::Status NextAccount(storage::ReadTxn& txn);
  absl::Status TakeServiceAccounts(storage::ReadTxn& txn, RowBatch& batch);
  absl::Status TakeAuthorizations(storage::ReadTxn& txn, RowBatch& batch);
  absl::Status TakeTokens(storage::ReadTxn& txn, RowBatch& batch);

  Stage stage_ = Stage::kServiceAccounts;
  bool begun_ = false;
  std::optional<Uuid> account_;
  std::optional<storage::ServiceAccountPosition> after_service_account_;
  std::optional<Uuid> after_authorization_;
  std::string after_token_;
};

}  // namespace signet::seal

#endif  // SIGNET_SERVER_SEAL_ROW_WALK_H_
