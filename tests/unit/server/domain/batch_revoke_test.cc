// SPDX-License-Identifier: Apache-2.0
//
// How a batch goes on behind the one before.
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/domain/service_account_life.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

class BatchRevokeTest : public ServiceAccountLife {
 protected:
  storage::ServiceAccountRecord CreateWith(const char* name,
                                           const char* capability) {
    ServiceAccounts::CreateRequest request = world_.Good();
    request.name = name;
    request.capabilities = {capability};
    absl::StatusOr<IssuedServiceAccount> issued =
        world_.Create(world_.owner, std::move(request));
    EXPECT_THAT(issued, IsOk());
    world_.clock.Advance(absl::Seconds(1));
    return issued->record;
  }
};

TEST_F(BatchRevokeTest, GoesOnBehindTheOneBefore) {
  std::vector<Uuid> newest_first;
  for (int i = 0; i < 250; ++i) {
    newest_first.insert(newest_first.begin(), Create("many").record.id);
  }
  ServiceAccounts::BatchRevokeRequest request = {
      .conditions = {.name_prefix = "many"}, .dry_run = true};
  for (const bool dry_run : {true, false}) {
    request.dry_run = dry_run;
    std::vector<Uuid> found;
    for (const size_t want : {size_t{100}, size_t{100}, size_t{50}}) {
      const auto batch = BatchRevoke(world_.owner, request);
      ASSERT_THAT(batch, IsOk());
      EXPECT_THAT(batch->records, SizeIs(want));
      for (const auto& one : batch->records) found.push_back(one.id);
      request.page_token = batch->next_page_token;
    }
    EXPECT_THAT(request.page_token, IsEmpty());
    EXPECT_EQ(found, newest_first);
  }
}

TEST_F(BatchRevokeTest, TakesNoPageTokenOfOtherConditions) {
  for (int i = 0; i < 101; ++i) Create("many");
  const auto batch = BatchRevoke(
      world_.owner, {.conditions = {.name_prefix = "many"}, .dry_run = true});
  ASSERT_THAT(batch, IsOk());
  EXPECT_THAT(GetErrorDetail(BatchRevoke(world_.owner,
                                         {.conditions = {.name_prefix = "ma"},
                                          .page_token = batch->next_page_token})
                                 .status())
                  .violations,
              ElementsAre(Field(&FieldViolation::field, "page_token")));
}

// More than a batch of them may lie before those that it covers.
TEST_F(BatchRevokeTest, GoesOnBehindWhatIsNotCovered) {
  constexpr int kMoreThanABatch = 140;
  const storage::ServiceAccountRecord manages =
      CreateWith("manager", "auth.manage");
  identity::Principal manager = ServiceAccountOf(world_.kHome, manages.id);
  manager.token_public_id = manages.token.public_id;
  const Uuid covered = Create("many").record.id;
  for (int i = 0; i < kMoreThanABatch; ++i) CreateWith("many", "auth.audit");
  ServiceAccounts::BatchRevokeRequest request = {
      .conditions = {.name_prefix = "many"}};
  int not_covered = 0;
  std::vector<Uuid> revoked;
  int batches = 0;
  do {
    const auto batch = BatchRevoke(manager, request);
    ASSERT_THAT(batch, IsOk());
    not_covered += batch->not_covered;
    for (const auto& record : batch->records) revoked.push_back(record.id);
    request.page_token = batch->next_page_token;
    ASSERT_LT(++batches, 10);
  } while (!request.page_token.empty());
  EXPECT_GT(batches, 1);
  EXPECT_EQ(not_covered, kMoreThanABatch);
  EXPECT_THAT(revoked, ElementsAre(covered));
}

}  // namespace
}  // namespace signet::domain
