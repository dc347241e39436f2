// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_MEMORY_MEMORY_TXN_H_
#define SIGNET_STORAGE_MEMORY_MEMORY_TXN_H_

#include <vector>

#include "absl/functional/any_invocable.h"
#include "storage/memory/memory_tables.h"
#include "storage/store.h"

namespace signet {

// Look-ups in tables that somebody has locked.
template <typename Interface>
class MemoryReads : public Interface {
 public:
  explicit MemoryReads(const MemoryTables& tables) : reads_(tables) {}

  absl::StatusOr<bool> IsEmpty() override;
  absl::StatusOr<ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<ServiceAccountRecord> FindByTokenPublicId(
      std::string_view public_id) override;
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldAuthorizations(
      std::span<const Subject> subjects, const Uuid& account_id) override;

 private:
  const MemoryTables& reads_;
};

extern template class MemoryReads<ReadTxn>;
extern template class MemoryReads<WriteTxn>;

class MemoryReadTxn final : public MemoryReads<ReadTxn> {
 public:
  using MemoryReads::MemoryReads;
};

// Changes the tables in place and remembers how to undo it.
class MemoryWriteTxn final : public MemoryReads<WriteTxn> {
 public:
  explicit MemoryWriteTxn(MemoryTables& tables)
      : MemoryReads(tables), tables_(tables) {}

  // Runs `body` and undoes its changes unless all went well. Returns the body's
  // status, or that of a change of its that failed.
  absl::Status Run(Store::WriteBody& body);

  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now) override;
  absl::Status InsertServiceAccount(
      const ServiceAccountRecord& record) override;
  absl::Status InsertAuthorization(const AuthorizationRecord& record) override;

 private:
  // Runs `change` unless one has failed, and remembers whether it failed.
  template <typename Change>
  absl::Status Attempt(Change change);

  MemoryTables& tables_;
  std::vector<absl::AnyInvocable<void()>> undo_;
  absl::Status failed_change_;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_MEMORY_MEMORY_TXN_H_
