// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/store_conformance.h"

#include <utility>

namespace signet {
namespace {

// The value that `look` takes out of a Read.
template <typename T, typename Look>
absl::StatusOr<T> FromRead(Store& store, Look look) {
  absl::StatusOr<T> value = absl::UnknownError("the body did not run");
  const absl::Status status = ReadAndWait(store, [&](ReadTxn& txn) {
    value = look(txn);
    return value.status();
  });
  if (!status.ok()) return status;
  return value;
}

}  // namespace

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
  return FromRead<ServiceAccountRecord>(store(), [&](ReadTxn& txn) {
    return txn.GetServiceAccount(account_id, id);
  });
}

absl::StatusOr<ServiceAccountRecord> StoreConformance::Find(
    std::string_view public_id) {
  return FromRead<ServiceAccountRecord>(
      store(), [&](ReadTxn& txn) -> absl::StatusOr<ServiceAccountRecord> {
        const absl::StatusOr<TokenOwner> found = txn.FindToken(public_id);
        if (!found.ok()) return found.status();
        EXPECT_EQ(found->token, found->owner.token);
        return found->owner;
      });
}

absl::StatusOr<std::vector<AuthorizationRecord>> StoreConformance::Held(
    std::vector<Subject> subjects, const Uuid& account_id) {
  return FromRead<std::vector<AuthorizationRecord>>(store(), [&](ReadTxn& txn) {
    return txn.ListHeldAuthorizations(subjects, account_id);
  });
}

absl::StatusOr<bool> StoreConformance::IsEmpty() {
  return FromRead<bool>(store(), [](ReadTxn& txn) { return txn.IsEmpty(); });
}

}  // namespace signet
