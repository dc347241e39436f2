// SPDX-License-Identifier: Apache-2.0
#include "server/identity/principal.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/sample_records.h"

namespace signet::identity {
namespace {

using testing::ElementsAre;

constexpr char kId[] = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

Principal User(std::string subject) {
  return {.kind = PrincipalKind::kUser,
          .id = *Uuid::Parse(kId),
          .oauth_subject = std::move(subject)};
}

TEST(Principal, ServiceAccountIsCalledByItsIdOnly) {
  const Principal account{.kind = PrincipalKind::kServiceAccount,
                          .id = *Uuid::Parse(kId)};
  EXPECT_THAT(account.Subjects(),
              ElementsAre(storage::Subject{
                  storage::SubjectType::kServiceAccount, kId}));
  EXPECT_EQ(account.user_id(), std::nullopt);
  EXPECT_EQ(account.ToString(), std::string("service_account:") + kId);
}

TEST(Principal, UserIsCalledByIdSubjectAndGroups) {
  Principal user = User("auth0|42");
  user.groups = {"ops", "dns"};
  EXPECT_THAT(
      user.Subjects(),
      ElementsAre(storage::Subject{storage::SubjectType::kUser, kId},
                  storage::Subject{storage::SubjectType::kUser, "auth0|42"},
                  storage::Subject{storage::SubjectType::kGroup, "ops"},
                  storage::Subject{storage::SubjectType::kGroup, "dns"}));
  EXPECT_EQ(user.user_id(), Uuid::Parse(kId));
  EXPECT_EQ(user.ToString(), std::string("user:") + kId);
}

// As a grant to it is recorded, in whatever case it was made.
TEST(Principal, GroupThatIsAUuidIsInLowerCase) {
  Principal user = User("auth0|42");
  user.groups = {"3C90C3CC-0D44-4B50-8888-8DD25736052A"};
  EXPECT_EQ(user.Subjects().back(),
            (storage::Subject{storage::SubjectType::kGroup,
                              "3c90c3cc-0d44-4b50-8888-8dd25736052a"}));
}

TEST(Principal, SubjectThatIsAUuidIsTheIdInLowerCase) {
  EXPECT_THAT(User("3C90C3CC-0D44-4B50-8888-8DD25736052A").Subjects(),
              ElementsAre(storage::Subject{storage::SubjectType::kUser, kId}));
}

// In whose turn the store works.
TEST(WorkFor, AUserIsOneOfAllUntilItIsFoundToHoldSomething) {
  const Uuid account = SampleId(1);
  Principal user;
  user.kind = PrincipalKind::kUser;
  user.id = SampleId(2);
  EXPECT_EQ(user.work_for(),
            (WorkFor{.tenant_id = kUsersTenant, .principal_id = user.id}));
  EXPECT_EQ(user.work_for_on(account),
            (WorkFor{.tenant_id = account, .principal_id = user.id}));

  Principal program;
  program.id = SampleId(3);
  program.home_account_id = SampleId(4);
  EXPECT_EQ(program.work_for_on(account), program.work_for());
  EXPECT_EQ(program.work_for().tenant_id, SampleId(4));

  EXPECT_EQ(Principal().work_for(), WorkFor());
  EXPECT_EQ(Principal().work_for_on(account), WorkFor());
}

}  // namespace
}  // namespace signet::identity
