// SPDX-License-Identifier: Apache-2.0
#include "server/domain/access.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/memory/memory_txn.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"

namespace signet::domain {
namespace {

const Uuid kHere = SampleId(1);
const Uuid kElsewhere = SampleId(2);
const Uuid kAbsent = SampleId(3);

const storage::Subject kCaller = {storage::SubjectType::kUser, "alice"};
const storage::Subject kGroup = {storage::SubjectType::kGroup, "operators"};
const storage::Subject kStranger = {storage::SubjectType::kUser, "mallory"};
// A name in another role is somebody else.
const storage::Subject kNamesake = {storage::SubjectType::kServiceAccount,
                                    "alice"};

storage::AuthorizationRecord Grant(storage::GrantKind kind,
                                   const Uuid& account_id,
                                   const storage::Subject& subject) {
  return SampleGrant(account_id, 100, subject, kind);
}

storage::AuthorizationRecord Capability(const char* key, const Uuid& account_id,
                                        const storage::Subject& subject) {
  storage::AuthorizationRecord grant =
      SampleCapability(account_id, 100, subject);
  grant.capability_key = key;
  return grant;
}

storage::AuthorizationRecord Narrowed(storage::AuthorizationRecord grant) {
  grant.resource_type = "account";
  grant.resource_id = grant.account_id;
  return grant;
}

storage::AuthorizationRecord NarrowedToAKind(
    storage::AuthorizationRecord grant) {
  grant.resource_type = "credential";
  return grant;
}

storage::AuthorizationRecord Revoked(storage::AuthorizationRecord grant) {
  grant.revoked_at = SampleTime(1);
  return grant;
}

struct AccessCase {
  const char* label;
  std::optional<storage::AuthorizationRecord> grant;
  bool view;    // On kHere.
  bool manage;  // On kHere.
  bool absent;  // Anything on an account that does not exist.
};

class AccessTable : public testing::TestWithParam<AccessCase> {
 protected:
  void SetUp() override {
    ASSERT_THAT(
        storage::WriteAndWait(
            store_,
            [](storage::WriteTxn& txn) {
              absl::Status status = txn.EnsureAccount(kHere, SampleTime());
              status.Update(txn.EnsureAccount(kElsewhere, SampleTime()));
              if (GetParam().grant.has_value()) {
                status.Update(txn.InsertAuthorization(*GetParam().grant));
              }
              return status;
            }),
        IsOk());
  }

  absl::Status Ask(const Uuid& account_id, Right right) {
    const std::vector<storage::Subject> subjects = {kCaller, kGroup};
    return storage::ReadAndWait(store_, [&](storage::ReadTxn& txn) {
      return Authorize(txn, subjects, account_id, right).status();
    });
  }

  FaultyStore store_;
};

TEST_P(AccessTable, IsAsTheTableSays) {
  const AccessCase& c = GetParam();
  EXPECT_EQ(Ask(kHere, Right::kView).ok(), c.view);
  EXPECT_EQ(Ask(kHere, Right::kManage).ok(), c.manage);
  EXPECT_EQ(Ask(kAbsent, Right::kView).ok(), c.absent);
  EXPECT_EQ(Ask(kAbsent, Right::kManage).ok(), c.absent);
}

TEST_P(AccessTable, IsDeniedInOneWayOnly) {
  for (const auto& [right, named] :
       {std::pair(Right::kManage, "auth.manage"),
        std::pair(Right::kView, "account.view or auth.manage"),
        std::pair(Right::kVerify, "auth.verify or auth.manage")}) {
    for (const Uuid& account : {kHere, kAbsent, kElsewhere}) {
      const absl::Status denial = Ask(account, right);
      if (denial.ok()) continue;
      EXPECT_THAT(denial, ErrorIs(absl::StatusCode::kPermissionDenied,
                                  "ACCESS_DENIED"));
      EXPECT_EQ(denial.message(),
                std::string("this needs ") + named +
                    " on the account, or there is no such account");
      EXPECT_THAT(GetErrorDetail(denial).violations, testing::IsEmpty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Grants, AccessTable,
    testing::Values(
        AccessCase{"None", std::nullopt, false, false, false},
        AccessCase{"Owner",
                   Grant(storage::GrantKind::kAccountOwner, kHere, kCaller),
                   true, true, false},
        AccessCase{"OwnersGroup",
                   Grant(storage::GrantKind::kAccountOwner, kHere, kGroup),
                   true, true, false},
        AccessCase{
            "OwnerElsewhere",
            Grant(storage::GrantKind::kAccountOwner, kElsewhere, kCaller),
            false, false, false},
        AccessCase{"AnotherOwner",
                   Grant(storage::GrantKind::kAccountOwner, kHere, kStranger),
                   false, false, false},
        AccessCase{"OwnerOfTheSameNameInAnotherRole",
                   Grant(storage::GrantKind::kAccountOwner, kHere, kNamesake),
                   false, false, false},
        AccessCase{"SuperAdminHere",
                   Grant(storage::GrantKind::kSuperAdmin, kHere, kCaller), true,
                   true, true},
        AccessCase{"SuperAdminElsewhere",
                   Grant(storage::GrantKind::kSuperAdmin, kElsewhere, kGroup),
                   true, true, true},
        AccessCase{"AuthManage", Capability("auth.manage", kHere, kCaller),
                   true, true, false},
        AccessCase{"AuthManageElsewhere",
                   Capability("auth.manage", kElsewhere, kCaller), false, false,
                   false},
        AccessCase{"AccountView", Capability("account.view", kHere, kGroup),
                   true, false, false},
        AccessCase{"UnrelatedCapability",
                   Capability("credential.manage", kHere, kCaller), false,
                   false, false},
        AccessCase{"CapabilityOfSimilarName",
                   Capability("auth.manage2", kHere, kCaller), false, false,
                   false},
        AccessCase{"CapabilityInUpperCase",
                   Capability("AUTH.MANAGE", kHere, kCaller), false, false,
                   false},
        AccessCase{"NarrowedAuthManage",
                   Narrowed(Capability("auth.manage", kHere, kCaller)), false,
                   false, false},
        AccessCase{"AuthManageOfAKind",
                   NarrowedToAKind(Capability("auth.manage", kHere, kCaller)),
                   false, false, false},
        AccessCase{
            "NarrowedOwner",
            Narrowed(Grant(storage::GrantKind::kAccountOwner, kHere, kCaller)),
            false, false, false},
        AccessCase{
            "RevokedOwner",
            Revoked(Grant(storage::GrantKind::kAccountOwner, kHere, kCaller)),
            false, false, false},
        AccessCase{
            "RevokedSuperAdmin",
            Revoked(Grant(storage::GrantKind::kSuperAdmin, kHere, kCaller)),
            false, false, false}),
    [](const auto& info) { return std::string(info.param.label); });

// Yields rows that nobody asked for.
class CarelessTxn final : public memory::MemoryReadTxn {
 public:
  explicit CarelessTxn(std::vector<storage::AuthorizationRecord> rows)
      : MemoryReadTxn(kNothing), rows_(std::move(rows)) {}
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject>, const Uuid&,
      const storage::HeldFilter&) override {
    return rows_;
  }
  absl::StatusOr<bool> HasAccount(const Uuid&) override { return true; }

 private:
  static inline const memory::MemoryTables kNothing;
  const std::vector<storage::AuthorizationRecord> rows_;
};

TEST(Authorize, ARowOfAnotherAccountIsNotEnoughWhateverTheStoreYields) {
  CarelessTxn txn(
      {Grant(storage::GrantKind::kAccountOwner, kElsewhere, kCaller),
       Capability("auth.manage", kElsewhere, kCaller)});
  EXPECT_THAT(Authorize(txn, {}, kHere, Right::kView),
              ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
}

TEST(Authorize, TheAccountsOwnGrantDecidesBeforeASuperAdmins) {
  CarelessTxn txn({Grant(storage::GrantKind::kSuperAdmin, kElsewhere, kCaller),
                   Capability("account.view", kHere, kCaller)});
  EXPECT_THAT(Authorize(txn, {}, kHere, Right::kView),
              IsOkAndHolds(storage::GrantKind::kCapability));
  EXPECT_THAT(Authorize(txn, {}, kHere, Right::kManage),
              IsOkAndHolds(storage::GrantKind::kSuperAdmin));
}

}  // namespace
}  // namespace signet::domain
