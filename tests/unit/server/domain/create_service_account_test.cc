// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/service_accounts.h"
#include "server/seal/sealed_store.h"
#include "server/token/token.h"
#include "storage/forwarding.h"
#include "storage/memory/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_context.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

TEST(CreateServiceAccount, RecordsWhatWasAskedAndOnlyAMacOfTheToken) {
  DomainWorld world;
  world.clock.Set(SampleTime());  // Not in whole microseconds.
  ServiceAccounts::CreateRequest request = world.Good();
  request.name = " Build \U0001F511 ";
  request.expires_at = RawTimestamp{.seconds = 4102444800, .nanos = 123456789};

  absl::StatusOr<IssuedServiceAccount> issued =
      world.Create(world.owner, request);
  ASSERT_THAT(issued, IsOk());
  const storage::ServiceAccountRecord& record = issued->record;
  const absl::Time stamp = WholeMicros(SampleTime());
  EXPECT_EQ(record.account_id, world.kHome);
  EXPECT_EQ(record.id.bytes()[6] >> 4, 7);  // The version.
  EXPECT_EQ(record.name, " Build \U0001F511 ");
  EXPECT_EQ(record.created_at, stamp);
  EXPECT_EQ(record.updated_at, stamp);
  EXPECT_EQ(record.created_by_user_id, world.owner.id);
  EXPECT_EQ(record.last_used_at, std::nullopt);
  EXPECT_EQ(record.revoked_at, std::nullopt);
  EXPECT_EQ(record.revoked_by_user_id, std::nullopt);

  const std::string_view token = issued->token.Expose();
  const std::optional<token::ParsedToken> parsed = token::ParseToken(token);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->prefix, "hbx_sa");
  EXPECT_EQ(record.token.prefix, "hbx_sa");
  EXPECT_EQ(record.token.public_id, parsed->public_id);
  EXPECT_EQ(record.token.last4, token.substr(token.size() - 4));
  EXPECT_EQ(record.token.created_at, stamp);
  EXPECT_EQ(record.token.expires_at,
            absl::FromUnixSeconds(4102444800) + absl::Nanoseconds(123456789));
  EXPECT_TRUE(
      world.keyring->Verify(record.token.key_version, token, record.token.mac));

  EXPECT_THAT(
      world.Get(world.owner, world.kHome.ToString(), record.id.ToString()),
      IsOkAndHolds(record));
}

TEST(CreateServiceAccount, CostsOneTransaction) {
  DomainWorld world;
  ASSERT_THAT(world.Create(world.owner, world.Good()), IsOk());
  EXPECT_EQ(world.writes(), 1);
  EXPECT_EQ(world.store.reads(), 0);
}

TEST(CreateServiceAccount, NamesNeedNotBeUniqueButTokensAre) {
  DomainWorld world;
  const auto first = world.Create(world.owner, world.Good());
  const auto second = world.Create(world.owner, world.Good());
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(first->record.id, second->record.id);
  EXPECT_NE(first->token.Expose(), second->token.Expose());
}

TEST(CreateServiceAccount, ByAServiceAccountNamesNoUser) {
  DomainWorld world;
  const auto issued = world.Create(world.program, world.Good());
  ASSERT_THAT(issued, IsOk());
  EXPECT_EQ(issued->record.created_by_user_id, std::nullopt);
}

TEST(CreateServiceAccount, StartsWithoutAnyRight) {
  DomainWorld world;
  const auto issued = world.Create(world.owner, world.Good());
  ASSERT_THAT(issued, IsOk());
  const identity::Principal created = DomainWorld::Bearer(*issued);
  EXPECT_THAT(world.Create(created, world.Good()),
              ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
}

TEST(CreateServiceAccount, AccountIdIsReadInAnyLetterCase) {
  DomainWorld world;
  ServiceAccounts::CreateRequest request = world.Good();
  for (char& c : request.account_id) c = static_cast<char>(std::toupper(c));
  const auto issued = world.Create(world.owner, request);
  ASSERT_THAT(issued, IsOk());
  EXPECT_EQ(issued->record.account_id, world.kHome);
}

TEST(CreateServiceAccount, ASuperAdminsFirstBringsTheAccountIntoBeing) {
  DomainWorld world;
  ServiceAccounts::CreateRequest request = world.Good();
  request.account_id = world.kAbsent.ToString();
  const auto issued = world.Create(world.super_admin, request);
  ASSERT_THAT(issued, IsOk());
  EXPECT_EQ(issued->record.account_id, world.kAbsent);
  EXPECT_THAT(world.Create(world.super_admin, request), IsOk());
}

TEST(CreateServiceAccount, SurvivesARepeatedTransaction) {
  DomainWorld world;
  world.store.run_bodies_twice = true;
  const auto issued = world.Create(world.owner, world.Good());
  ASSERT_THAT(issued, IsOk());
  EXPECT_THAT(world.Get(world.owner, world.kHome.ToString(),
                        issued->record.id.ToString()),
              IsOkAndHolds(issued->record));
}

TEST(CreateServiceAccount, TakenIdsAreMintedAgainButNotForEver) {
  DomainWorld world;
  world.random.Stick();
  ASSERT_THAT(world.Create(world.owner, world.Good()), IsOk());
  const int before = world.writes();
  EXPECT_THAT(world.Create(world.owner, world.Good()),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(world.writes(), before + 3);
}

// Such as that of an audit event: another id would not help.
TEST(CreateServiceAccount, AnotherRowThatIsThereIsNoTakenId) {
  DomainWorld world;
  world.store.write_outcomes = {absl::AlreadyExistsError("the row exists")};
  const absl::Status status = world.Create(world.owner, world.Good()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(std::string(status.message()),
              testing::Not(testing::HasSubstr("minted")));
  EXPECT_EQ(world.writes(), 1);
}

TEST(CreateServiceAccount, TheStoresErrorsComeThrough) {
  DomainWorld world;
  const absl::Status full = MakeError(
      absl::StatusCode::kResourceExhausted, "full",
      {.reason = "WRITE_QUEUE_FULL", .retry_after = absl::Seconds(1)});
  const absl::Status conflict = storage::WriteConflictError();
  EXPECT_THAT(conflict,
              ErrorIs(absl::StatusCode::kUnavailable, "WRITE_CONFLICT"));
  EXPECT_GT(GetErrorDetail(conflict).retry_after, absl::ZeroDuration());
  for (const absl::Status& error : {full, conflict}) {
    world.store.write_outcomes = {error};
    EXPECT_EQ(world.Create(world.owner, world.Good()).status(), error);
  }
}

TEST(CreateServiceAccount, ACallerWhoHasLeftLeavesNoRow) {
  DomainWorld world;
  const auto create = [&world](bool gone) {
    auto caller = std::make_shared<identity::Caller>();
    caller->context = SampleContext({.cancelled = [gone] { return gone; }});
    caller->principal = world.owner;
    Outcome<IssuedServiceAccount> outcome;
    world.accounts.Create(std::move(caller), world.Good(), outcome.Done());
    return outcome.Take();
  };
  EXPECT_THAT(create(true), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(create(false), IsOk());
}

// What is wrong with a request, and what it is told.
struct FaultCase {
  const char* label;
  bool account, name, expiry;  // Which of them is at fault.
};

class CreateFaults : public testing::TestWithParam<FaultCase> {
 protected:
  ServiceAccounts::CreateRequest Request() const {
    ServiceAccounts::CreateRequest request = world_.Good();
    if (GetParam().account) request.account_id = "{" + request.account_id + "}";
    if (GetParam().name) request.name = "";
    if (GetParam().expiry) request.expires_at = RawTimestamp{.seconds = 1};
    return request;
  }
  std::vector<std::string> Fields() const {
    std::vector<std::string> fields;
    if (GetParam().account) fields.push_back("account_id");
    if (GetParam().name) fields.push_back("name");
    if (GetParam().expiry) fields.push_back("expires_at");
    return fields;
  }

  DomainWorld world_;
};

TEST_P(CreateFaults, AreAllTold) {
  const auto refused = world_.Create(world_.owner, Request());
  EXPECT_THAT(refused,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  std::vector<std::string> fields;
  for (const FieldViolation& violation :
       GetErrorDetail(refused.status()).violations) {
    fields.push_back(violation.field);
  }
  EXPECT_EQ(fields, Fields());
  EXPECT_EQ(world_.writes(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, CreateFaults,
    testing::Values(FaultCase{"Account", true, false, false},
                    FaultCase{"Name", false, true, false},
                    FaultCase{"Expiry", false, false, true},
                    FaultCase{"NameAndExpiry", false, true, true},
                    FaultCase{"All", true, true, true}),
    [](const auto& info) { return std::string(info.param.label); });

TEST(CreateServiceAccount, RefusalEchoesNoId) {
  DomainWorld world;
  ServiceAccounts::CreateRequest request = world.Good();
  request.account_id = "canary-id";
  const auto refused = world.Create(world.owner, request);
  EXPECT_EQ(refused.status().message(), "account_id: want a UUID, 8-4-4-4-12");
}

TEST(CreateServiceAccount, DenialIsTheSameForAForeignAndAnAbsentAccount) {
  DomainWorld world;
  ServiceAccounts::CreateRequest absent = world.Good();
  absent.account_id = world.kAbsent.ToString();
  const auto foreign = world.Create(world.nobody, world.Good());
  EXPECT_THAT(foreign,
              ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
  EXPECT_EQ(Told(foreign.status()),
            Told(world.Create(world.nobody, absent).status()));
  // An owner of another account is nobody there either.
  EXPECT_EQ(Told(foreign.status()),
            Told(world.Create(world.owner, absent).status()));
}

// A grant of its caller's that does not verify is counted as often as it is
// read.
TEST(CreateServiceAccountReads, WhatItsCallerHoldsOnceHoweverMuchItGrants) {
  DomainWorld world;
  FaultyStore engine;
  seal::SealedStore store(std::make_unique<storage::ForwardingStore>(&engine),
                          world.keyring.get(), "", &world.clock, &world.logger);
  const storage::Subject owner = world.owner.Subjects()[0];
  ASSERT_THAT(
      storage::WriteAndWait(
          store,
          [&](storage::WriteTxn& txn) {
            absl::Status status = txn.EnsureAccount(world.kHome, SampleTime());
            status.Update(txn.InsertAuthorization(SampleGrant(
                world.kHome, 1, owner, storage::GrantKind::kAccountOwner)));
            return status;
          }),
      IsOk());
  ASSERT_THAT(
      storage::WriteAndWait(engine,
                            [&](storage::WriteTxn& txn) {
                              return txn.InsertAuthorization(
                                  SampleGrant(world.kHome, 2, owner,
                                              storage::GrantKind::kSuperAdmin));
                            }),
      IsOk());
  ServiceAccounts accounts(&store, world.keyring.get(), &world.audit,
                           &world.denials, &world.last_uses, &world.clock,
                           &world.random, {});
  const auto reads = [&](std::vector<std::string> capabilities) {
    const uint64_t before = store.altered_rows();
    ServiceAccounts::CreateRequest request = world.Good();
    request.capabilities = std::move(capabilities);
    Outcome<IssuedServiceAccount> outcome;
    accounts.Create(CallerFor(world.owner), request, outcome.Done());
    EXPECT_THAT(outcome.Take(), IsOk());
    return store.altered_rows() - before;
  };
  const uint64_t of_one = reads({"mailbox.create"});
  EXPECT_GT(of_one, 0u);
  EXPECT_EQ(reads({"mailbox.create", "mailbox.delete", "domain.create"}),
            of_one);
}

}  // namespace
}  // namespace signet::domain
