// SPDX-License-Identifier: Apache-2.0
// SealedStore binds users and groups to their issuer.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/last_owner.h"
#include "server/seal/seal.h"
#include "server/seal/sealed_store.h"
#include "storage/forwarding.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"

namespace signet::seal {
namespace {

using absl::StatusCode;
using testing::SizeIs;

// A user and a group of one issuer who hold something, as does a service
// account; and the same rows under other issuers.
class BoundSubjects : public testing::Test {
 protected:
  using Grants = std::vector<storage::AuthorizationRecord>;

  const std::string kIssuer = "https://one.example";
  const std::string kOther = "https://two.example";
  const Uuid kAccount = SampleId(1);
  const Uuid kId = SampleId(2);
  const storage::Subject kSubject = {storage::SubjectType::kServiceAccount,
                                     kId.ToString()};
  const storage::Subject kUser = {storage::SubjectType::kUser, "alice"};
  const storage::Subject kGroup = {storage::SubjectType::kGroup, "admins"};
  const storage::AuthorizationRecord kOwnership =
      SampleGrant(kAccount, 201, kUser, storage::GrantKind::kAccountOwner);

  BoundSubjects() {
    Write(store_, [this](storage::WriteTxn& txn) {
      absl::Status status = txn.EnsureAccount(kAccount, SampleTime());
      status.Update(
          txn.InsertServiceAccount(SampleServiceAccount(kAccount, 2)));
      status.Update(
          txn.InsertAuthorization(SampleCapability(kAccount, 101, kSubject)));
      status.Update(txn.InsertAuthorization(kOwnership));
      status.Update(
          txn.InsertAuthorization(SampleCapability(kAccount, 202, kGroup)));
      return status;
    });
  }

  SealedStore Under(const std::string& issuer) {
    return SealedStore(std::make_unique<storage::ForwardingStore>(&engine_),
                       keyring_.get(), issuer, &clock_, &logger_);
  }

  void Write(storage::Store& store, storage::Store::WriteBody body) {
    EXPECT_THAT(storage::WriteAndWait(store, std::move(body)), IsOk());
  }
  template <typename T>
  absl::StatusOr<T> In(
      storage::Store& store,
      const std::function<absl::StatusOr<T>(storage::ReadTxn&)>& ask) {
    absl::StatusOr<T> answer = absl::UnknownError("not run");
    const absl::Status status =
        storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
          answer = ask(txn);
          return absl::OkStatus();
        });
    EXPECT_THAT(status, IsOk());
    return answer;
  }

  std::vector<Uuid> Ids(
      storage::Store& store,
      const std::function<absl::StatusOr<Grants>(storage::ReadTxn&)>& list) {
    std::vector<Uuid> ids;
    const absl::StatusOr<Grants> listed = In<Grants>(store, list);
    for (const storage::AuthorizationRecord& grant : *listed)
      ids.push_back(grant.id);
    return ids;
  }

  // Every reading that says who may do something.
  void ExpectHeld(storage::Store& store, const std::vector<Uuid>& by_user,
                  const std::vector<Uuid>& by_group) {
    for (const auto& held :
         {std::pair(kUser, by_user), std::pair(kGroup, by_group),
          std::pair(kSubject, std::vector<Uuid>{SampleId(101)})}) {
      const storage::Subject& subject = held.first;
      const std::vector<Uuid>& ids = held.second;
      EXPECT_EQ(
          Ids(store,
              [&](storage::ReadTxn& txn) {
                return txn.ListHeldAuthorizations({&subject, 1}, kAccount);
              }),
          ids);
      EXPECT_EQ(Ids(store,
                    [&](storage::ReadTxn& txn) {
                      return txn.ListHeldFor(
                          {&subject, 1}, kAccount,
                          {.capability_keys = {"auth.manage"}});
                    }),
                ids);
      EXPECT_EQ(Ids(store,
                    [&](storage::ReadTxn& txn) {
                      return txn.ListGrantsOf(subject, {}, 1);
                    }),
                ids);
    }
    EXPECT_EQ(
        Ids(store,
            [&](storage::ReadTxn& txn) { return txn.ListOwners(kAccount, 1); }),
        by_user);
  }

  absl::StatusOr<storage::AuthorizationRecord> FindEqual(
      storage::Store& store) {
    return In<storage::AuthorizationRecord>(store, [&](storage::ReadTxn& txn) {
      return txn.FindEqualAuthorization(kOwnership);
    });
  }

  FaultyStore engine_;
  FakeClock clock_;
  RecordingLogger logger_;
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  SealedStore store_{std::make_unique<storage::ForwardingStore>(&engine_),
                     keyring_.get(), kIssuer, &clock_, &logger_};
};

// Another issuer may name its users as the first did.
TEST_F(BoundSubjects, HoldNothingUnderAnotherIssuer) {
  ExpectHeld(store_, {SampleId(201)}, {SampleId(202)});
  for (const std::string& issuer : {kOther, std::string()}) {
    SealedStore other = Under(issuer);
    ExpectHeld(other, {}, {});
    EXPECT_THAT(FindEqual(other), StatusIs(StatusCode::kNotFound));
  }
  SealedStore again = Under(kIssuer);
  ExpectHeld(again, {SampleId(201)}, {SampleId(202)});
  EXPECT_EQ(FindEqual(again)->id, SampleId(201));
}

// The same grant may stand under each; the one does not hide the other.
TEST_F(BoundSubjects, AreGrantedTheSameUnderEachIssuer) {
  SealedStore other = Under(kOther);
  Write(other, [&](storage::WriteTxn& txn) {
    return txn.InsertAuthorization(
        SampleGrant(kAccount, 301, kUser, storage::GrantKind::kAccountOwner));
  });
  ExpectHeld(other, {SampleId(301)}, {});
  EXPECT_EQ(FindEqual(other)->id, SampleId(301));
  ExpectHeld(store_, {SampleId(201)}, {SampleId(202)});
  EXPECT_EQ(FindEqual(store_)->id, SampleId(201));
}

// So that it can be revoked under whatever issuer there is now.
TEST_F(BoundSubjects, GrantsOfAnotherIssuerAreListedAndRevoked) {
  SealedStore other = Under(kOther);
  storage::AuthorizationQuery query;
  query.account_id = kAccount;
  query.limit = query.scan_limit = 100;
  const auto listed = In<storage::AuthorizationPage>(
      other,
      [&](storage::ReadTxn& txn) { return txn.ListAuthorizations(query); });
  EXPECT_THAT(listed->records, SizeIs(3));
  Write(other, [&](storage::WriteTxn& txn) {
    return txn.RevokeAuthorization(kAccount, SampleId(201), SampleTime(1), {});
  });
  const auto revoked =
      In<storage::AuthorizationRecord>(other, [&](storage::ReadTxn& txn) {
        return txn.GetAuthorization(kAccount, SampleId(201));
      });
  EXPECT_EQ(revoked->revoked_at, SampleTime(1));
  ExpectHeld(store_, {}, {SampleId(202)});
  EXPECT_EQ(store_.altered_rows() + other.altered_rows(), 0);
}

// Of a time before there was this rule, or when there was no issuer.
TEST_F(BoundSubjects, AGrantWithoutAnIssuerCountsAsThePresentIssuers) {
  Write(store_, [&](storage::WriteTxn& txn) {
    return txn.RevokeAuthorization(kAccount, SampleId(201), SampleTime(1), {});
  });
  storage::AuthorizationRecord bare =
      SampleGrant(kAccount, 301, kUser, storage::GrantKind::kAccountOwner);
  bare.seal = MakeSeal(*keyring_, bare);
  Write(engine_,
        [&](storage::WriteTxn& txn) { return txn.InsertAuthorization(bare); });
  for (const std::string& issuer : {kIssuer, kOther}) {
    SealedStore any = Under(issuer);
    EXPECT_EQ(FindEqual(any)->id, SampleId(301));
    EXPECT_EQ(
        Ids(any,
            [&](storage::ReadTxn& txn) { return txn.ListOwners(kAccount, 1); }),
        std::vector<Uuid>{SampleId(301)});
  }
}

// Whose issuer is gone is no owner; with it the account is not left without.
TEST_F(BoundSubjects, AnOwnerOfAnotherIssuerIsNone) {
  const auto may_lose = [&](storage::Store& store) {
    return storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
      return domain::CheckMayLose(
          txn, identity::Principal(), domain::OauthOwners::kCanAct,
          SampleTime(), *txn.GetAuthorization(kAccount, SampleId(201)));
    });
  };
  EXPECT_THAT(may_lose(store_), StatusIs(StatusCode::kFailedPrecondition));
  SealedStore other = Under(kOther);
  EXPECT_THAT(may_lose(other), IsOk());

  const storage::AuthorizationRecord service =
      SampleGrant(kAccount, 203, kSubject, storage::GrantKind::kAccountOwner);
  Write(store_, [&](storage::WriteTxn& txn) {
    return txn.InsertAuthorization(service);
  });
  const auto may_end = [&](storage::Store& store) {
    return storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
      const storage::ServiceAccountRecord ending =
          *txn.GetServiceAccount(kAccount, kId);
      return domain::CheckMayLose(txn, identity::Principal(),
                                  domain::OauthOwners::kCanAct, SampleTime(),
                                  {&ending, 1});
    });
  };
  EXPECT_THAT(may_end(store_), IsOk());
  EXPECT_THAT(may_end(other), StatusIs(StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace signet::seal
