// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_AUDIT_ROWS_H_
#define SIGNET_STORAGE_SQLITE_AUDIT_ROWS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "storage/queries.h"
#include "storage/records.h"
#include "storage/sqlite/connection/statement.h"

namespace signet::sqlite {

// The look-ups of ReadTxn in audit_events, audit_chains and audit_heads, as
// prepared statements of one connection.
class AuditReads {
 public:
  explicit AuditReads(Preparer& prepare);

  absl::StatusOr<storage::AuditChainRecord> GetChain(const Uuid& account_id);
  absl::StatusOr<storage::AuditPage> List(const storage::AuditQuery& query);
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit);
  absl::StatusOr<std::vector<storage::AuditHeadRecord>> ListHeads();

 private:
  Statement get_chain_;
  Statement list_up_;
  Statement list_down_;
  Statement list_accounts_;
  Statement list_heads_;
};

// The changes of WriteTxn to them.
class AuditWrites {
 public:
  explicit AuditWrites(Preparer& prepare);

  absl::Status Insert(const storage::AuditEventRecord& record);
  absl::Status PutChain(const storage::AuditChainRecord& record);
  absl::Status PutHead(const storage::AuditHeadRecord& record);
  absl::Status DeleteBefore(const Uuid& account_id, uint64_t sequence);

 private:
  Statement insert_;
  Statement put_chain_;
  Statement put_head_;
  Statement delete_before_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_AUDIT_ROWS_H_
