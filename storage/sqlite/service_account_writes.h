// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_WRITES_H_
#define SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_WRITES_H_

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/records.h"
#include "storage/sqlite/connection/statement.h"

namespace signet::sqlite {

// The changes of WriteTxn to service_accounts and tokens, as prepared
// statements of one connection. One that fails may have been made in part.
class ServiceAccountWrites {
 public:
  explicit ServiceAccountWrites(Preparer& prepare);

  absl::Status Insert(const storage::ServiceAccountRecord& record);
  absl::Status Update(const storage::ServiceAccountRecord& record);
  absl::Status ReplaceToken(const storage::ServiceAccountRecord& record);
  absl::StatusOr<storage::TokenStatus> GetTokenStatus(
      const Uuid& account_id, const Uuid& service_account_id,
      std::string_view public_id);
  // Of one that GetTokenStatus() has found.
  absl::Status UpdateToken(const storage::TokenRecord& token);
  absl::Status TouchLastUsed(std::span<const storage::LastUse> uses);
  absl::StatusOr<int> DeleteReplaced(const Uuid& account_id, const Uuid& id,
                                     int limit);
  absl::Status Delete(const Uuid& account_id, const Uuid& id);

 private:
  absl::Status InsertToken(const storage::ServiceAccountRecord& record);
  // All that Update() may change but the token.
  absl::Status UpdateRow(const storage::ServiceAccountRecord& record);

  Statement insert_;
  Statement insert_token_;
  Statement update_;
  Statement update_current_;
  Statement set_current_;
  Statement find_status_;
  Statement update_token_;
  Statement touch_;
  Statement delete_replaced_;
  Statement delete_current_;
  Statement delete_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_WRITES_H_
