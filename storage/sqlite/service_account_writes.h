// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_WRITES_H_
#define SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_WRITES_H_

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/uuid.h"
#include "storage/records.h"
#include "storage/sqlite/statement.h"

namespace signet {

// The changes of WriteTxn to service_accounts and tokens, as prepared
// statements of one connection. One that fails may have been made in part.
class ServiceAccountWrites {
 public:
  explicit ServiceAccountWrites(Preparer& prepare);

  absl::Status Insert(const ServiceAccountRecord& record);
  absl::Status Update(const ServiceAccountRecord& record);
  absl::Status ReplaceToken(const ServiceAccountRecord& record, absl::Time now,
                            absl::Time retires_at);
  absl::Status RetireToken(std::string_view public_id, absl::Time at);
  absl::Status TouchLastUsed(std::span<const LastUse> uses);
  absl::Status Delete(const Uuid& account_id, const Uuid& id);

 private:
  absl::Status InsertToken(const ServiceAccountRecord& record);
  // All that Update() may change but the token.
  absl::Status UpdateRow(const ServiceAccountRecord& record);

  Statement insert_;
  Statement insert_token_;
  Statement update_;
  Statement update_expiry_;
  Statement retire_replaced_;
  Statement retire_current_;
  Statement set_current_;
  Statement retire_;
  Statement touch_;
  Statement delete_replaced_;
  Statement delete_current_;
  Statement delete_;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_WRITES_H_
