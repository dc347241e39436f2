// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
absl::Status StoreConformance::EnsureAccount(const Uuid& account_id) {
  return Write([&](WriteTxn& txn) {
    return txn.EnsureAccount(account_id, SampleTime());
  });
}

absl::Status StoreConformance::Insert(const ServiceAccountRecord& record) {
  return Write([&](WriteTxn& txn) { return txn.InsertServiceAccount(record); });
}

absl::Status StoreConformance::Insert(const AuthorizationRecord& record) {
  return Write([&](WriteTxn& txn) { return txn.InsertAuthorization(record); });
}

absl::StatusOr<ServiceAccountRecord> StoreConformance::Get(
    const Uuid& account_id, const Uuid& id) {
  return Ask(
      [&](ReadTxn& txn) { return txn.GetServiceAccount(account_id, id); });
}

absl::StatusOr<ServiceAccountRecord> StoreConformance::Find(
    std::string_view public_id) {
  const absl::StatusOr<TokenOwner> found = FindOwner(public_id);
  if (!found.ok()) return found.status();
  EXPECT_EQ(found->token, found->owner.token);
  return found->owner;
}

absl::StatusOr<std::vector<AuthorizationRecord>> StoreConformance::Held(
    std::vector<Subject> subjects, const Uuid& account_id) {
  return Ask([&](ReadTxn& txn) {
    return txn.ListHeldAuthorizations(subjects, account_id);
  });
}

absl::StatusOr<bool> StoreConformance::IsEmpty() {
  return Ask([](ReadTxn& txn) { return txn.IsEmpty(); });
}

}  // namespace signet::storage
