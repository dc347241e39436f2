// SPDX-License-Identifier: Apache-2.0
#include "server/seal/seal_database.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/audit_head_check.h"
#include "server/audit/audit_log.h"
#include "server/seal/seal_check.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::seal {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// What an older release left: rows without seals, logs without a head.
class SealDatabaseTest : public testing::Test {
 protected:
  static constexpr uint32_t kAccounts = 3;
  static constexpr uint32_t kEach = 700;  // More than one step takes.

  SealDatabaseTest() {
    const audit::AuditLog log = audit::AuditLog::WithoutHead(keyring_.get());
    EXPECT_THAT(
        storage::WriteAndWait(
            store_,
            [&](storage::WriteTxn& txn) {
              absl::Status status;
              for (uint32_t a = 1; a <= kAccounts; ++a) {
                const Uuid account = SampleId(a);
                status.Update(txn.EnsureAccount(account, SampleTime()));
                for (uint32_t i = 0; i < kEach; ++i) {
                  const uint32_t number = a * 10'000 + i;
                  status.Update(txn.InsertServiceAccount(
                      SampleServiceAccount(account, number)));
                }
                const storage::Subject owner = {storage::SubjectType::kUser,
                                                std::to_string(a)};
                status.Update(txn.InsertAuthorization(
                    SampleGrant(account, a * 10, owner,
                                a == 1 ? storage::GrantKind::kSuperAdmin
                                       : storage::GrantKind::kAccountOwner)));
                storage::AuthorizationRecord old =
                    SampleGrant(account, a * 10 + 1, owner,
                                storage::GrantKind::kAccountOwner);
                old.revoked_at = SampleTime(1);
                status.Update(txn.InsertAuthorization(old));
                status.Update(txn.InsertAuthorization(
                    SampleCapability(account, a * 10 + 2, owner)));
                if (a == 2) continue;  // Has no log.
                status.Update(log.AppendSystem(txn, account, SampleTime(),
                                               {.action = "test"}));
              }
              storage::ServiceAccountRecord record =
                  *txn.GetServiceAccount(SampleId(1), SampleId(10'000));
              storage::TokenRecord replaced = record.token;
              status.Update(txn.ReplaceToken(WithToken(record, 99'999)));
              replaced.retires_at = SampleTime(9);
              replaced.ended = true;
              status.Update(
                  txn.UpdateToken(SampleId(1), SampleId(10'000), replaced));
              return status;
            }),
        IsOk());
  }

  absl::StatusOr<SealedRows> Run() {
    shown_.clear();
    return SealDatabase(
        store_, *keyring_, clock_, random_,
        [this](const storage::AuthorizationRecord& grant) {
          shown_.push_back(grant.subject.id);
        },
        [](uint64_t) {});
  }

  std::vector<audit::AuditFault> Faults() {
    std::vector<audit::AuditFault> faults;
    const auto report = [&faults](const audit::AuditFault& fault) {
      faults.push_back(fault);
    };
    EXPECT_THAT(VerifySeals(store_, *keyring_, report), IsOk());
    const audit::AuditHeads heads(keyring_.get(), &random_);
    EXPECT_THAT(audit::VerifyAuditHead(store_, *keyring_, heads, report),
                IsOk());
    EXPECT_THAT(audit::VerifyAudit(store_, *keyring_, report), IsOk());
    return faults;
  }

  FaultyStore store_;
  FakeClock clock_;
  SeededRandom random_;
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  std::vector<std::string> shown_;
};

TEST_F(SealDatabaseTest, SealsEveryRowOnce) {
  // Every row, an account without a log, and no head.
  EXPECT_THAT(Faults(), SizeIs(2 * kAccounts * kEach + 1 + 3 * kAccounts + 2));
  const absl::StatusOr<SealedRows> rows = Run();
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->accounts, kAccounts);
  EXPECT_EQ(rows->service_accounts, kAccounts * kEach);
  EXPECT_EQ(rows->tokens, kAccounts * kEach + 1);
  EXPECT_EQ(rows->authorizations, 3 * kAccounts);
  EXPECT_EQ(rows->super_admins, 1);
  EXPECT_EQ(rows->account_owners, kAccounts - 1);
  EXPECT_THAT(shown_, UnorderedElementsAre("1", "2", "3"));
  EXPECT_EQ(rows->head.events, kAccounts + kAccounts - 1);
  EXPECT_THAT(Faults(), IsEmpty());

  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(shown_, IsEmpty());
}

TEST_F(SealDatabaseTest, GoesOnWhereItWasBrokenOff) {
  for (const int writes : {1, 3, 7, 9, 10}) {
    const int last = store_.writes() + writes;
    const auto fail_behind_last = [&](uint64_t) {
      if (store_.writes() < last || !store_.write_outcomes.empty()) return;
      store_.write_outcomes.push_back(absl::UnavailableError("killed"));
    };
    EXPECT_THAT(
        SealDatabase(
            store_, *keyring_, clock_, random_,
            [](const storage::AuthorizationRecord&) {}, fail_behind_last),
        StatusIs(absl::StatusCode::kUnavailable))
        << writes;
  }
  EXPECT_THAT(Run(), IsOk());
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(SealDatabaseTest, ABodyMayRunAgain) {
  store_.run_bodies_twice = true;
  ASSERT_THAT(Run(), IsOk());
  store_.run_bodies_twice = false;
  EXPECT_THAT(Faults(), IsEmpty());
}

}  // namespace
}  // namespace signet::seal
