// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/service_accounts.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::Field;

class GetServiceAccount : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<IssuedServiceAccount> issued =
        world_.Create(world_.owner, world_.Good());
    ASSERT_THAT(issued, IsOk());
    record_ = issued->record;
    id_ = record_.id.ToString();
  }

  DomainWorld world_;
  const std::string home_ = world_.kHome.ToString();
  const std::string absent_ = world_.kAbsent.ToString();
  storage::ServiceAccountRecord record_;
  std::string id_;
};

TEST_F(GetServiceAccount, WhoMayViewReadsIt) {
  EXPECT_THAT(world_.Get(world_.owner, home_, id_), IsOkAndHolds(record_));
  EXPECT_THAT(world_.Get(world_.viewer, home_, id_), IsOkAndHolds(record_));
  EXPECT_THAT(world_.Get(world_.super_admin, home_, id_),
              IsOkAndHolds(record_));
}

TEST_F(GetServiceAccount, OthersLearnNothing) {
  const absl::Status denial = world_.Get(world_.nobody, home_, id_).status();
  EXPECT_THAT(denial,
              ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
  EXPECT_EQ(world_.Get(world_.nobody, home_, absent_).status(), denial);
  EXPECT_EQ(Told(world_.Get(world_.nobody, absent_, id_).status()),
            Told(denial));
  EXPECT_EQ(Told(world_.Get(world_.viewer, absent_, id_).status()),
            Told(denial));
}

TEST_F(GetServiceAccount, AnUnknownIdIsNotFound) {
  EXPECT_THAT(
      world_.Get(world_.owner, home_, absent_),
      ErrorIs(absl::StatusCode::kNotFound, "SERVICE_ACCOUNT_NOT_FOUND"));
}

TEST_F(GetServiceAccount, AnotherAccountsIdIsNotFound) {
  EXPECT_THAT(
      world_.Get(world_.super_admin, absent_, id_),
      ErrorIs(absl::StatusCode::kNotFound, "SERVICE_ACCOUNT_NOT_FOUND"));
}

TEST_F(GetServiceAccount, MalformedIdsAreNamed) {
  EXPECT_THAT(
      GetErrorDetail(world_.Get(world_.owner, home_, "x").status()).violations,
      ElementsAre(Field(&FieldViolation::field, "service_account_id")));
  EXPECT_THAT(
      GetErrorDetail(world_.Get(world_.nobody, "x", "y").status()).violations,
      ElementsAre(Field(&FieldViolation::field, "account_id"),
                  Field(&FieldViolation::field, "service_account_id")));
}

TEST_F(GetServiceAccount, TheStoresErrorsComeThrough) {
  world_.store.read_outcomes = {absl::DataLossError("page 7")};
  EXPECT_THAT(world_.Get(world_.owner, home_, id_),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(GetServiceAccount, SurvivesARepeatedTransaction) {
  world_.store.run_bodies_twice = true;
  EXPECT_THAT(world_.Get(world_.owner, home_, id_), IsOkAndHolds(record_));
}

class Admission : public testing::Test {
 protected:
  absl::Status Admit(const identity::Principal& principal,
                     std::string_view account_id, Right right) {
    std::optional<absl::Status> result;
    world_.access.Admit(principal, account_id, right,
                        [&result](absl::Status s) { result = s; });
    return *result;
  }
  absl::Status Create(const identity::Principal& principal,
                      std::string_view account_id) {
    return Admit(principal, account_id, Right::kManage);
  }
  absl::Status Get(const identity::Principal& principal,
                   std::string_view account_id) {
    return Admit(principal, account_id, Right::kView);
  }

  DomainWorld world_;
};

TEST_F(Admission, AsksForTheRightOfTheMethodAndChangesNothing) {
  const std::string home = world_.kHome.ToString();
  EXPECT_THAT(Create(world_.owner, home), IsOk());
  EXPECT_THAT(Create(world_.viewer, home),
              ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
  EXPECT_THAT(Get(world_.viewer, home), IsOk());
  EXPECT_THAT(Get(world_.nobody, home),
              ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
  EXPECT_EQ(world_.writes(), 0);
}

TEST_F(Admission, AnIdThatIsNoneRefusesNothingYet) {
  EXPECT_THAT(Create(world_.nobody, "no uuid"), IsOk());
  EXPECT_THAT(Get(world_.nobody, ""), IsOk());
}

}  // namespace
}  // namespace signet::domain
