// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/server/domain/service_account_life.h"

#include <limits>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/name_rule.h"
#include "server/domain/service_accounts.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(ServiceAccountLife, LabelsFromBeforeTheirLimitMayShrinkOnly) {
  std::map<std::string, std::string> standing;
  for (int i = 0; i < 60; ++i) {
    standing["k" + std::to_string(i + 10)] = std::string(250, 'x');
  }
  EXPECT_THAT(storage::WriteAndWait(world_.store,
                                    [&](storage::WriteTxn& txn) {
                                      storage::ServiceAccountRecord wide =
                                          record();
                                      wide.labels = standing;
                                      return txn.UpdateServiceAccount(wide);
                                    }),
              IsOk());
  EXPECT_EQ(Stored(record().id).labels, standing);

  std::map<std::string, std::string> other = standing;
  other["k10"] = std::string(250, 'y');
  const auto refused = Update(world_.owner, {.labels = other});
  EXPECT_THAT(refused,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  EXPECT_EQ(GetErrorDetail(refused.status()).violations[0].field,
            "service_account.labels");
  EXPECT_THAT(Update(world_.owner, {.name = "x", .labels = standing}), IsOk())
      << "as they are";
  other.erase("k11");
  EXPECT_THAT(Update(world_.owner, {.labels = other}), IsOk());
  EXPECT_THAT(Update(world_.owner, {.labels = standing}),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  EXPECT_THAT(
      Update(world_.owner, {.labels = std::map<std::string, std::string>()}),
      IsOk());
  while (LabelBytes(other) > kMaxLabelBytes) other.erase(other.begin());
  EXPECT_THAT(Update(world_.owner, {.labels = other}), IsOk());
}

TEST_F(ServiceAccountLife, UpdateChangesWhatIsNamedAndNothingElse) {
  const auto updated =
      Update(world_.owner, {.name = "deploy",
                            .set_expires_at = true,
                            .expires_at = RawTimestamp{.seconds = 4102444800},
                            .description = "line\nbreak",
                            .labels = {{{"team", "edge"}}},
                            .enabled = false});
  ASSERT_THAT(updated, IsOk());
  storage::ServiceAccountRecord want = record();
  want.name = "deploy";
  want.token.expires_at = absl::FromUnixSeconds(4102444800);
  want.description = "line\nbreak";
  want.labels = {{"team", "edge"}};
  want.enabled = false;
  want.updated_at = WholeMicros(world_.clock.Now());
  want.revision = 2;
  EXPECT_EQ(*updated, want);
  EXPECT_EQ(Stored(record().id), want);
  EXPECT_THAT(Events(),
              ElementsAre(testing::HasSubstr("service_account.create"),
                          "service_account.update {"
                          "\"fields\":"
                          "\"name,description,labels,enabled,expires_at\","
                          "\"new_description\":\"line\\nbreak\","
                          "\"new_enabled\":\"false\","
                          "\"new_expires_at\":\"2100-01-01T00:00:00Z\","
                          "\"new_labels.team\":\"edge\","
                          "\"new_name\":\"deploy\","
                          "\"old_description\":\"\","
                          "\"old_enabled\":\"true\","
                          "\"old_expires_at\":\"never\","
                          "\"old_name\":\"ci\"}"));
}

TEST_F(ServiceAccountLife, AnEventHoldsTheWholeOfAText) {
  std::string description;
  for (int i = 0; i < 1000; ++i) description += "\u00e9";  // Two bytes each.
  ASSERT_THAT(Update(world_.owner, {.description = description}), IsOk());
  EXPECT_THAT(Events().back(), testing::HasSubstr("\"" + description + "\""));
}

TEST_F(ServiceAccountLife, AnEventHoldsTheLabelsThatDiffer) {
  std::map<std::string, std::string> labels = {
      {"a", "gone"}, {"k", std::string(200, 'x')}, {"z", "before"}};
  ASSERT_THAT(Update(world_.owner, {.labels = labels}), IsOk());
  labels.erase("a");
  labels["b"] = "new";
  labels["z"] = "after";
  ASSERT_THAT(Update(world_.owner, {.labels = labels}), IsOk());
  EXPECT_THAT(
      Events().back(),
      testing::AllOf(testing::HasSubstr(
                         R"("new_labels.b":"new","new_labels.z":"after",)"
                         R"("old_labels.a":"gone","old_labels.z":"before")"),
                     testing::Not(testing::HasSubstr("labels.k"))));
}

TEST_F(ServiceAccountLife, AnUpdateWithoutADifferenceIsNone) {
  const int writes = Events().size();
  EXPECT_THAT(Update(world_.owner, {.name = "ci"}), IsOkAndHolds(record()));
  EXPECT_THAT(Update(world_.owner, {}), IsOkAndHolds(record()));
  EXPECT_THAT(Events(), SizeIs(writes));
}

TEST_F(ServiceAccountLife, ADisabledOneFailsUntilItIsEnabled) {
  const std::string& token = record().token.public_id;
  EXPECT_TRUE(Authenticates(token));
  ASSERT_THAT(Update(world_.owner, {.enabled = false}), IsOk());
  EXPECT_FALSE(Authenticates(token));
  ASSERT_THAT(Update(world_.owner, {.enabled = true}), IsOk());
  EXPECT_TRUE(Authenticates(token));
}

TEST_F(ServiceAccountLife, AnEtagGuardsAgainstAnotherEditor) {
  const std::string etag = EtagOf(record());
  ASSERT_THAT(Update(world_.owner, {.etag = etag, .name = "first"}), IsOk());
  EXPECT_THAT(Update(world_.owner, {.etag = etag, .name = "second"}),
              ErrorIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
  EXPECT_EQ(Stored(record().id).name, "first");
}

TEST_F(ServiceAccountLife, UpdateNamesEveryFieldAtFault) {
  const absl::Status status =
      Update(world_.owner, {.name = "",
                            .set_expires_at = true,
                            .expires_at = RawTimestamp{.seconds = 1},
                            .description = std::string(1001, 'x'),
                            .labels = {{{"Not-a-key", "x"}}},
                            .not_updatable = {"token_prefix"}})
          .status();
  EXPECT_THAT(
      GetErrorDetail(status).violations,
      ElementsAre(Field(&FieldViolation::field, "update_mask"),
                  Field(&FieldViolation::field, "service_account.name"),
                  Field(&FieldViolation::field, "service_account.description"),
                  Field(&FieldViolation::field, "service_account.labels"),
                  Field(&FieldViolation::field, "service_account.expires_at")));
  EXPECT_EQ(Stored(record().id), record());
}

TEST_F(ServiceAccountLife, OnlyWhoManagesMayChange) {
  for (const identity::Principal& who : {world_.viewer, world_.nobody}) {
    const auto denied =
        ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED");
    EXPECT_THAT(Update(who, {.name = "x"}), denied);
    EXPECT_THAT(Rotate(who), denied);
    EXPECT_THAT(Revoke(who), denied);
    EXPECT_THAT(BatchRevoke(who, {.conditions = {.name_prefix = "x"}}), denied);
  }
  EXPECT_EQ(Stored(record().id), record());
}

TEST_F(ServiceAccountLife, RevocationEndsEveryTokenAndIsAttributed) {
  const auto rotated =
      Rotate(world_.owner, {.overlap = RawDuration{.seconds = 60}});
  ASSERT_THAT(rotated, IsOk());
  const auto revoked =
      Revoke(world_.owner, {.reason = "superseded", .comment = "see wiki"});
  ASSERT_THAT(revoked, IsOk());
  EXPECT_EQ(revoked->revoked_at, WholeMicros(world_.clock.Now()));
  EXPECT_EQ(revoked->revoked_by_user_id, world_.owner.id);
  EXPECT_EQ(revoked->revoke_reason, storage::RevokeReason::kSuperseded);
  EXPECT_EQ(revoked->revoke_comment, "see wiki");
  EXPECT_FALSE(Authenticates(record().token.public_id));
  EXPECT_FALSE(Authenticates(rotated->record.token.public_id));
}

TEST_F(ServiceAccountLife, ARepeatedRevocationChangesNothing) {
  const auto first = Revoke(world_.owner);
  ASSERT_THAT(first, IsOk());
  const size_t events = Events().size();
  world_.clock.Advance(absl::Hours(1));
  EXPECT_THAT(Revoke(world_.super_admin, {.reason = "key_compromise"}),
              IsOkAndHolds(*first));
  EXPECT_THAT(Events(), SizeIs(events));
}

TEST_F(ServiceAccountLife, NoRevisionIsTooLargeToRevoke) {
  storage::ServiceAccountRecord last = record();
  last.revision = std::numeric_limits<int64_t>::max();
  ASSERT_THAT(storage::WriteAndWait(world_.store,
                                    [&last](storage::WriteTxn& txn) {
                                      return txn.UpdateServiceAccount(last);
                                    }),
              IsOk());
  const auto revoked = Revoke(world_.owner);
  ASSERT_THAT(revoked, IsOk());
  EXPECT_EQ(revoked->revision, 1);
}

TEST_F(ServiceAccountLife, ARevokedOneCanNeitherBeUpdatedNorRotated) {
  ASSERT_THAT(Revoke(world_.owner), IsOk());
  const auto refused =
      ErrorIs(absl::StatusCode::kFailedPrecondition, "SERVICE_ACCOUNT_REVOKED");
  EXPECT_THAT(Update(world_.owner, {.name = "x"}), refused);
  EXPECT_THAT(Rotate(world_.owner), refused);
}

TEST_F(ServiceAccountLife, AnUnknownOneIsNotFound) {
  const std::string absent = world_.kAbsent.ToString();
  const auto refused =
      ErrorIs(absl::StatusCode::kNotFound, "SERVICE_ACCOUNT_NOT_FOUND");
  EXPECT_THAT(Update(world_.owner, {.service_account_id = absent}), refused);
  EXPECT_THAT(Rotate(world_.owner, {.service_account_id = absent}), refused);
  EXPECT_THAT(Revoke(world_.owner, {.service_account_id = absent}), refused);
}

TEST_F(ServiceAccountLife, AnUnknownReasonIsRefused) {
  EXPECT_THAT(GetErrorDetail(Revoke(world_.owner, {.reason = "bored"}).status())
                  .violations,
              ElementsAre(Field(&FieldViolation::field, "reason")));
}

TEST_F(ServiceAccountLife, WhoFindsATokenCanEndItWithoutAnyRight) {
  const identity::Principal finder = DomainWorld::Bearer(*issued_);
  EXPECT_THAT(RevokeSelf(finder), IsOk());
  EXPECT_FALSE(Authenticates(record().token.public_id));
  EXPECT_EQ(Stored(record().id).revoke_reason,
            storage::RevokeReason::kKeyCompromise);
  EXPECT_EQ(Stored(record().id).revoked_by_user_id, std::nullopt);
  EXPECT_THAT(RevokeSelf(finder), IsOk());
}

TEST_F(ServiceAccountLife, AReplacedTokenEndsAlone) {
  const identity::Principal finder = DomainWorld::Bearer(*issued_);
  const auto rotated =
      Rotate(world_.owner, {.overlap = RawDuration{.seconds = 60}});
  ASSERT_THAT(rotated, IsOk());
  EXPECT_THAT(RevokeSelf(finder), IsOk());
  EXPECT_FALSE(Authenticates(record().token.public_id));
  EXPECT_TRUE(Authenticates(rotated->record.token.public_id));
}

TEST_F(ServiceAccountLife, AnOauthTokenCannotEndItself) {
  EXPECT_THAT(
      RevokeSelf(world_.owner),
      ErrorIs(absl::StatusCode::kInvalidArgument, "UNSUPPORTED_TOKEN_TYPE"));
}

TEST_F(ServiceAccountLife, AUseIsShownBeforeItIsWritten) {
  const absl::Time used = SampleTime(5) - absl::Nanoseconds(234);
  world_.last_uses.Note(world_.kHome, record().id, used);
  EXPECT_EQ(Stored(record().id).last_used_at, used);
  EXPECT_EQ(Update(world_.owner, {.name = "x"})->last_used_at, used);
  EXPECT_EQ(Rotate(world_.owner)->record.last_used_at, used);
  EXPECT_EQ(Revoke(world_.owner)->last_used_at, used);
}

// A credential that ended after it was authenticated does nothing any more.
TEST_F(ServiceAccountLife, ACallerWhoseTokenHasEndedMeanwhileIsRefused) {
  ASSERT_THAT(
      Update(world_.owner, {.service_account_id = world_.program.id.ToString(),
                            .enabled = false}),
      IsOk());
  const auto refused =
      ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID");
  EXPECT_THAT(Update(world_.program, {.name = "x"}), refused);
  EXPECT_THAT(Rotate(world_.program), refused);
  EXPECT_THAT(Revoke(world_.program), refused);
  EXPECT_THAT(world_.Create(world_.program, world_.Good()), refused);
}

TEST_F(ServiceAccountLife, ABatchEndsWhatMeetsItsConditionsButNotTheCaller) {
  const IssuedServiceAccount first = Create("ci-1");
  const IssuedServiceAccount second = Create("ci-2");
  const IssuedServiceAccount other = Create("web");
  auto batch = BatchRevoke(
      world_.owner, {.conditions = {.name_prefix = "ci-"}, .dry_run = true});
  ASSERT_THAT(batch, IsOk());
  EXPECT_THAT(batch->records, ElementsAre(second.record, first.record));
  EXPECT_TRUE(Authenticates(first.record.token.public_id));

  // `program` is called `service account 15`.
  batch = BatchRevoke(world_.program, {.conditions = {.state = "active"}});
  ASSERT_THAT(batch, IsOk());
  EXPECT_THAT(batch->records, SizeIs(4));
  EXPECT_EQ(batch->next_page_token, "");
  EXPECT_FALSE(Authenticates(first.record.token.public_id));
  EXPECT_FALSE(Authenticates(other.record.token.public_id));
  EXPECT_TRUE(Authenticates(world_.program.token_public_id));
  batch = BatchRevoke(world_.program, {.conditions = {.state = "active"}});
  ASSERT_THAT(batch, IsOk());
  EXPECT_THAT(batch->records, IsEmpty());
}

TEST_F(ServiceAccountLife, ABatchEndsAHundredAtMost) {
  for (int i = 0; i < 101; ++i) Create("many");
  const ServiceAccounts::BatchRevokeRequest request = {
      .conditions = {.name_prefix = "many"}};
  for (const size_t want : {size_t{100}, size_t{1}, size_t{0}}) {
    const auto batch = BatchRevoke(world_.owner, request);
    ASSERT_THAT(batch, IsOk());
    EXPECT_THAT(batch->records, SizeIs(want));
    EXPECT_EQ(batch->next_page_token.empty(), want != 100);
  }
}

TEST_F(ServiceAccountLife, ABatchWithoutConditionsIsRefused) {
  EXPECT_THAT(GetErrorDetail(BatchRevoke(world_.owner, {}).status()).violations,
              ElementsAre(Field(&FieldViolation::field, "name_prefix")));
  EXPECT_THAT(GetErrorDetail(BatchRevoke(world_.owner,
                                         {.conditions = {.state = "revoked"}})
                                 .status())
                  .violations,
              ElementsAre(Field(&FieldViolation::field, "state")));
}

TEST_F(ServiceAccountLife, EveryChangeSurvivesARepeatedTransaction) {
  world_.store.run_bodies_twice = true;
  ASSERT_THAT(Update(world_.owner, {.name = "x"}), IsOk());
  EXPECT_EQ(Stored(record().id).revision, 2u);
  const auto rotated = Rotate(world_.owner);
  ASSERT_THAT(rotated, IsOk());
  EXPECT_EQ(Stored(record().id), rotated->record);
  EXPECT_TRUE(world_.keyring->Verify(rotated->record.token.key_version,
                                     rotated->token.Expose(),
                                     rotated->record.token.mac));
  ASSERT_THAT(Revoke(world_.owner), IsOk());
  EXPECT_EQ(Stored(record().id).revision, 4u);
  EXPECT_THAT(Events(), SizeIs(4));
}

}  // namespace
}  // namespace signet::domain
