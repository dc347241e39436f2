// SPDX-License-Identifier: Apache-2.0
#include "server/domain/replay.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/error.h"
#include "server/crypto/sealed_box.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet {
namespace {

using testing::ElementsAre;
using testing::Field;

class ReplayTest : public testing::Test {
 protected:
  absl::StatusOr<IssuedServiceAccount> Create(
      ServiceAccounts::CreateRequest request, const Principal& who,
      const std::string& credential = "credential") {
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Create(CallerFor(who, credential), std::move(request),
                           nullptr, outcome.Done());
    return outcome.Take();
  }
  absl::StatusOr<IssuedServiceAccount> Create(
      ServiceAccounts::CreateRequest request) {
    return Create(std::move(request), world_.owner);
  }

  ServiceAccounts::CreateRequest Keyed(const std::string& key = "key-1") {
    ServiceAccounts::CreateRequest request = world_.Good();
    request.description = "d";
    request.labels = {{"team", "edge"}};
    request.idempotency_key = key;
    return request;
  }

  size_t Count() {
    Outcome<ServiceAccounts::Page> outcome;
    world_.accounts.List(CallerFor(world_.owner),
                         {.account_id = world_.kHome.ToString()},
                         outcome.Done());
    return outcome.Take()->records.size();
  }

  DomainWorld world_;
};

TEST_F(ReplayTest, TheSameCallGetsTheSameAnswerAndMakesNothing) {
  const auto first = Create(Keyed());
  ASSERT_THAT(first, IsOk());
  const size_t count = Count();
  world_.clock.Advance(absl::Hours(24));
  const auto second = Create(Keyed());
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->token.Expose(), first->token.Expose());
  ServiceAccountRecord shown = first->record;
  // What no answer shows is not kept.
  shown.token.key_version = 0;
  shown.token.mac = {};
  shown.token.created_at = {};
  shown.token_shown_to = {};
  EXPECT_EQ(second->record, shown);
  EXPECT_EQ(Count(), count);
}

TEST_F(ReplayTest, AnotherKeyOrNoneIsAnotherCall) {
  ASSERT_THAT(Create(Keyed()), IsOk());
  const size_t count = Count();
  ASSERT_THAT(Create(Keyed("key-2")), IsOk());
  ASSERT_THAT(Create(Keyed("")), IsOk());
  ASSERT_THAT(Create(Keyed("")), IsOk());
  EXPECT_EQ(Count(), count + 3);
}

TEST_F(ReplayTest, AnotherRequestUnderTheKeyIsRefused) {
  ASSERT_THAT(Create(Keyed()), IsOk());
  const size_t count = Count();
  std::vector<ServiceAccounts::CreateRequest> others(5, Keyed());
  others[0].name = "other";
  others[1].expires_at = RawTimestamp{.seconds = 4102444800};
  others[2].description = "";
  others[3].labels = {{"team", "edgy"}};
  others[4].capabilities = {"auth.manage"};
  for (const auto& other : others) {
    EXPECT_THAT(Create(other), ErrorIs(absl::StatusCode::kInvalidArgument,
                                       "IDEMPOTENCY_KEY_REUSED"));
  }
  Outcome<IssuedServiceAccount> rotated;
  world_.accounts.Rotate(CallerFor(world_.owner),
                         {.account_id = world_.kHome.ToString(),
                          .service_account_id = world_.program.id.ToString(),
                          .idempotency_key = "key-1"},
                         nullptr, rotated.Done());
  EXPECT_THAT(rotated.Take(), ErrorIs(absl::StatusCode::kInvalidArgument,
                                      "IDEMPOTENCY_KEY_REUSED"));
  EXPECT_EQ(Count(), count);
}

TEST_F(ReplayTest, TheAccountIdMayBeWrittenInAnotherCase) {
  const auto first = Create(Keyed());
  ASSERT_THAT(first, IsOk());
  ServiceAccounts::CreateRequest again = Keyed();
  for (char& c : again.account_id) c = static_cast<char>(std::toupper(c));
  const auto second = Create(again);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->token.Expose(), first->token.Expose());
}

TEST_F(ReplayTest, KeysBelongToTheirCaller) {
  const auto first = Create(Keyed());
  const auto second = Create(Keyed(), world_.super_admin);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(second->record.id, first->record.id);
}

TEST_F(ReplayTest, AnotherCredentialOfTheCallerCannotReadTheAnswer) {
  ASSERT_THAT(Create(Keyed()), IsOk());
  const size_t count = Count();
  EXPECT_THAT(Create(Keyed(), world_.owner, "another credential"),
              ErrorIs(absl::StatusCode::kFailedPrecondition,
                      "REPLAY_CREDENTIAL_CHANGED"));
  EXPECT_EQ(Count(), count);
}

TEST_F(ReplayTest, WhoLostTheRightGetsNoAnswer) {
  const auto program = Create(Keyed(), world_.program);
  ASSERT_THAT(program, IsOk());
  Outcome<ServiceAccountRecord> outcome;
  world_.accounts.Revoke(CallerFor(world_.owner),
                         {.account_id = world_.kHome.ToString(),
                          .service_account_id = world_.program.id.ToString()},
                         nullptr, outcome.Done());
  ASSERT_THAT(outcome.Take(), IsOk());
  EXPECT_THAT(Create(Keyed(), world_.program),
              ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(ReplayTest, ARepetitionMayComeAfterTheExpiryThatWasAskedFor) {
  ServiceAccounts::CreateRequest request = Keyed();
  request.expires_at =
      RawTimestamp{.seconds = absl::ToUnixSeconds(world_.clock.Now()) + 60};
  const auto first = Create(request);
  ASSERT_THAT(first, IsOk());
  world_.clock.Advance(absl::Hours(1));
  const auto second = Create(request);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->token.Expose(), first->token.Expose());
  request.idempotency_key = "key-2";
  EXPECT_THAT(GetErrorDetail(Create(request).status()).violations,
              ElementsAre(Field(&FieldViolation::field, "expires_at")));
}

TEST_F(ReplayTest, ARotationIsSafeToRepeat) {
  const auto rotate = [this](const std::string& key) {
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(world_.owner),
                           {.account_id = world_.kHome.ToString(),
                            .service_account_id = world_.program.id.ToString(),
                            .overlap = RawDuration{.seconds = 60},
                            .idempotency_key = key},
                           nullptr, outcome.Done());
    return outcome.Take();
  };
  const auto first = rotate("key-1");
  ASSERT_THAT(first, IsOk());
  const auto second = rotate("key-1");
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->token.Expose(), first->token.Expose());
  EXPECT_EQ(second->record.revision, first->record.revision);
  const auto third = rotate("key-2");
  ASSERT_THAT(third, IsOk());
  EXPECT_NE(third->token.Expose(), first->token.Expose());
}

// Its answer tells of the last use, which goes on.
TEST_F(ReplayTest, ARepeatedRotationShowsWhatTheFirstDid) {
  const auto rotate = [this] {
    world_.last_uses.Note(world_.kHome, world_.program.id, world_.clock.Now());
    world_.clock.Advance(absl::Seconds(1));
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(world_.owner),
                           {.account_id = world_.kHome.ToString(),
                            .service_account_id = world_.program.id.ToString(),
                            .idempotency_key = "key-1"},
                           nullptr, outcome.Done());
    return outcome.Take();
  };
  const auto first = rotate();
  ASSERT_THAT(first, IsOk());
  EXPECT_NE(first->record.last_used_at, std::nullopt);
  const auto second = rotate();
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->record.last_used_at, first->record.last_used_at);
}

TEST_F(ReplayTest, AKeyHasAForm) {
  for (const std::string& key :
       {std::string("a b"), std::string("\n"), std::string("\xC3\xA9"),
        std::string(129, 'x')}) {
    EXPECT_THAT(GetErrorDetail(Create(Keyed(key)).status()).violations,
                ElementsAre(Field(&FieldViolation::field, "request_id")));
  }
  EXPECT_THAT(Create(Keyed(std::string(128, '~'))), IsOk());
}

// Whoever has all that is stored, and the key file, but no credential.
TEST_F(ReplayTest, StolenFilesYieldNoToken) {
  const auto issued = Create(Keyed());
  ASSERT_THAT(issued, IsOk());
  const std::string token(issued->token.Expose());
  const CallerPtr caller = CallerFor(world_.owner);
  ServiceAccounts::CreateRequest request = Keyed();
  ReplayRecord stolen;
  // The lookup follows from what is stored (who called) and a guessed key.
  const Replay replay = Replay::For(*caller, "key-1", "unknown request");
  ASSERT_THAT(ReadAndWait(world_.store,
                          [&](ReadTxn& txn) {
                            const auto found = txn.FindReplay(replay.lookup);
                            if (found.ok()) stolen = *found;
                            return found.status();
                          }),
              IsOk());
  EXPECT_EQ(stolen.sealed.find(token), std::string::npos);
  const std::string secret = token.substr(token.size() - 49, 43);
  EXPECT_EQ(stolen.sealed.find(secret.substr(0, 8)), std::string::npos);
  // Guesses at the key from all that the thief has.
  const auto mac = issued->record.token.mac;
  const std::string mac_text(mac.begin(), mac.end());
  for (const std::string& guess :
       {std::string(), std::string("key"), mac_text,
        issued->record.token.public_id,
        std::string(stolen.lookup.begin(), stolen.lookup.end()),
        std::string(stolen.fingerprint.begin(), stolen.fingerprint.end())}) {
    const Secret key = DeriveKey(guess, "key-1", "signet replay key v1");
    EXPECT_FALSE(OpenBox(key, stolen.sealed, "").ok());
    Replay forged = Replay::For(*CallerFor(world_.owner, guess), "key-1", "");
    forged.fingerprint = stolen.fingerprint;
    EXPECT_THAT(ReadAndWait(world_.store,
                            [&](ReadTxn& txn) {
                              return FindReplay(txn, forged).status();
                            }),
                ErrorIs(absl::StatusCode::kFailedPrecondition,
                        "REPLAY_CREDENTIAL_CHANGED"));
  }
}

}  // namespace
}  // namespace signet
