// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_READS_H_
#define SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_READS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/queries.h"
#include "storage/records.h"
#include "storage/sqlite/connection/statement.h"

namespace signet::sqlite {

// The look-ups of ReadTxn in service_accounts and tokens, as prepared
// statements of one connection. None costs more when more is stored.
class ServiceAccountReads {
 public:
  explicit ServiceAccountReads(Preparer& prepare);

  absl::StatusOr<storage::ServiceAccountRecord> Get(const Uuid& account_id,
                                                    const Uuid& id);
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> Find(
      const Uuid& id);
  absl::StatusOr<storage::TokenOwner> FindToken(std::string_view public_id);
  absl::StatusOr<std::vector<storage::TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id);
  absl::StatusOr<std::vector<storage::OwnedToken>> ListTokens(
      std::string_view after, int limit);
  absl::StatusOr<storage::ServiceAccountPage> List(
      const storage::ServiceAccountQuery& query);
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListExpiring(
      absl::Time from, std::string_view after, absl::Time until, int limit);
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListDead(
      absl::Time before, int limit);

 private:
  // A listing upwards and downwards.
  struct BothWays {
    Statement ascending;
    Statement descending;
    Statement& Towards(bool down) { return down ? descending : ascending; }
  };

  Statement get_;
  Statement find_;
  Statement find_token_;
  Statement tokens_in_use_;
  Statement all_tokens_;
  BothWays by_creation_;
  BothWays by_name_;
  BothWays by_last_use_;
  Statement expiring_;
  Statement dead_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_SERVICE_ACCOUNT_READS_H_
