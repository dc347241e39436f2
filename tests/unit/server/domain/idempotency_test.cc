// SPDX-License-Identifier: Apache-2.0
#include "server/domain/idempotency.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/secret_file.h"
#include "crypto/encryption.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class IdempotencyTest : public testing::Test {
 protected:
  absl::StatusOr<IssuedServiceAccount> Create(
      ServiceAccounts::CreateRequest request, const identity::Principal& who,
      const std::string& credential = "credential") {
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Create(CallerFor(who, credential), std::move(request),
                           outcome.Done());
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

  absl::StatusOr<IssuedServiceAccount> Rotate(
      const ServiceAccounts::RotateRequest& request) {
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(world_.owner), request, outcome.Done());
    return outcome.Take();
  }

  // Changes one member of a service account.
  template <typename T>
  void Set(const storage::ServiceAccountRecord& record,
           std::optional<T> ServiceAccounts::UpdateRequest::*member, T value) {
    ServiceAccounts::UpdateRequest request = {
        .account_id = record.account_id.ToString(),
        .service_account_id = record.id.ToString()};
    request.*member = value;
    Outcome<storage::ServiceAccountRecord> outcome;
    world_.accounts.Update(CallerFor(world_.owner), std::move(request),
                           outcome.Done());
    EXPECT_THAT(outcome.Take(), IsOk());
  }

  static auto TokenEnded() {
    return ErrorIs(absl::StatusCode::kFailedPrecondition, "REPLAY_TOKEN_ENDED");
  }

  // The events of repetitions, latest first.
  std::vector<storage::AuditEventRecord> IdempotencyRecords() {
    storage::AuditQuery query;
    query.account_id = world_.kHome;
    query.action = "service_account.replay";
    query.limit = query.scan_limit = 1000;
    std::vector<storage::AuditEventRecord> events;
    EXPECT_THAT(storage::ReadAndWait(world_.store,
                                     [&](storage::ReadTxn& txn) {
                                       auto page = txn.ListAuditEvents(query);
                                       if (page.ok()) events = page->records;
                                       return page.status();
                                     }),
                IsOk());
    return events;
  }

  // That of a key file with this text.
  std::unique_ptr<crypto::MacKeyring> Keyring(const std::string& text) {
    const std::string path = dir_.File("keys");
    std::remove(path.c_str());
    EXPECT_THAT(CreateSecretFile(path, text, world_.random), IsOk());
    auto keyring = crypto::MacKeyring::Load(path, false, world_.random);
    EXPECT_THAT(keyring, IsOk());
    return *std::move(keyring);
  }

  size_t Count() {
    Outcome<ServiceAccounts::Page> outcome;
    world_.accounts.List(CallerFor(world_.owner),
                         {.account_id = world_.kHome.ToString()},
                         outcome.Done());
    return outcome.Take()->records.size();
  }

  DomainWorld world_;
  const TempDir dir_;
};

TEST_F(IdempotencyTest, TheSameCallGetsTheSameAnswerAndMakesNothing) {
  const auto first = Create(Keyed());
  ASSERT_THAT(first, IsOk());
  const size_t count = Count();
  EXPECT_FALSE(first->repeated);
  world_.clock.Advance(absl::Hours(24) - absl::Microseconds(1));
  const auto second = Create(Keyed());
  ASSERT_THAT(second, IsOk());
  EXPECT_TRUE(second->repeated);
  EXPECT_EQ(second->token.Expose(), first->token.Expose());
  storage::ServiceAccountRecord shown = first->record;
  // What no answer shows is not kept.
  shown.token.key_version = 0;
  shown.token.mac = {};
  shown.token.created_at = {};
  shown.token_shown_to = {};
  EXPECT_EQ(second->record, shown);
  EXPECT_EQ(Count(), count);
}

TEST_F(IdempotencyTest, AnotherKeyOrNoneIsAnotherCall) {
  ASSERT_THAT(Create(Keyed()), IsOk());
  const size_t count = Count();
  ASSERT_THAT(Create(Keyed("key-2")), IsOk());
  ASSERT_THAT(Create(Keyed("")), IsOk());
  ASSERT_THAT(Create(Keyed("")), IsOk());
  EXPECT_EQ(Count(), count + 3);
}

TEST_F(IdempotencyTest, AnotherRequestUnderTheKeyIsRefused) {
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
                         rotated.Done());
  EXPECT_THAT(rotated.Take(), ErrorIs(absl::StatusCode::kInvalidArgument,
                                      "IDEMPOTENCY_KEY_REUSED"));
  EXPECT_EQ(Count(), count);
}

TEST_F(IdempotencyTest, TheAccountIdMayBeWrittenInAnotherCase) {
  const auto first = Create(Keyed());
  ASSERT_THAT(first, IsOk());
  ServiceAccounts::CreateRequest again = Keyed();
  for (char& c : again.account_id) c = static_cast<char>(std::toupper(c));
  const auto second = Create(again);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->token.Expose(), first->token.Expose());
}

TEST_F(IdempotencyTest, KeysBelongToTheirCaller) {
  const auto first = Create(Keyed());
  const auto second = Create(Keyed(), world_.super_admin);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(second->record.id, first->record.id);
}

TEST_F(IdempotencyTest, AnotherCredentialOfTheCallerCannotReadTheAnswer) {
  ASSERT_THAT(Create(Keyed()), IsOk());
  const size_t count = Count();
  EXPECT_THAT(Create(Keyed(), world_.owner, "another credential"),
              ErrorIs(absl::StatusCode::kFailedPrecondition,
                      "REPLAY_CREDENTIAL_CHANGED"));
  EXPECT_EQ(Count(), count);
}

TEST_F(IdempotencyTest, WhoLostTheRightGetsNoAnswer) {
  const auto program = Create(Keyed(), world_.program);
  ASSERT_THAT(program, IsOk());
  Outcome<storage::ServiceAccountRecord> outcome;
  world_.accounts.Revoke(CallerFor(world_.owner),
                         {.account_id = world_.kHome.ToString(),
                          .service_account_id = world_.program.id.ToString()},
                         outcome.Done());
  ASSERT_THAT(outcome.Take(), IsOk());
  EXPECT_THAT(Create(Keyed(), world_.program),
              ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

// Not for a fault of the expiry, which was good when it was asked for.
TEST_F(IdempotencyTest, OneThatComesAfterTheEndOfItsTokenIsToldSo) {
  ServiceAccounts::CreateRequest request = Keyed();
  request.expires_at =
      RawTimestamp{.seconds = absl::ToUnixSeconds(world_.clock.Now()) + 60};
  ASSERT_THAT(Create(request), IsOk());
  const size_t count = Count();
  world_.clock.Advance(absl::Hours(1));
  EXPECT_THAT(Create(request), TokenEnded());
  EXPECT_EQ(Count(), count);
  request.idempotency_key = "key-2";
  EXPECT_THAT(GetErrorDetail(Create(request).status()).violations,
              ElementsAre(Field(&FieldViolation::field, "expires_at")));
}

TEST_F(IdempotencyTest, ATokenThatHasEndedIsNotGivenAgain) {
  const auto issued = Create(Keyed());
  ASSERT_THAT(issued, IsOk());
  Set(issued->record, &ServiceAccounts::UpdateRequest::enabled, false);
  EXPECT_THAT(Create(Keyed()), TokenEnded());
  Set(issued->record, &ServiceAccounts::UpdateRequest::enabled, true);
  EXPECT_THAT(Create(Keyed()), IsOk());

  const ServiceAccounts::RotateRequest rotate = {
      .account_id = world_.kHome.ToString(),
      .service_account_id = issued->record.id.ToString(),
      .overlap = RawDuration{.seconds = 60},
      .idempotency_key = "rotation"};
  const auto rotated = Rotate(rotate);
  ASSERT_THAT(rotated, IsOk());
  EXPECT_THAT(Create(Keyed()), IsOk());  // For the overlap.
  world_.clock.Advance(absl::Seconds(61));
  EXPECT_THAT(Create(Keyed()), TokenEnded());
  EXPECT_THAT(Rotate(rotate), IsOk());

  Outcome<storage::ServiceAccountRecord> revoked;
  world_.accounts.Revoke(CallerFor(world_.owner),
                         {.account_id = world_.kHome.ToString(),
                          .service_account_id = issued->record.id.ToString()},
                         revoked.Done());
  ASSERT_THAT(revoked.Take(), IsOk());
  EXPECT_THAT(Rotate(rotate), TokenEnded());
}

TEST_F(IdempotencyTest, AnAnswerIsKeptForADay) {
  const auto first = Create(Keyed());
  ASSERT_THAT(first, IsOk());
  world_.clock.Advance(absl::Hours(24));
  // Housekeeping has not come yet.
  const auto second = Create(Keyed());
  ASSERT_THAT(second, IsOk());
  EXPECT_FALSE(second->repeated);
  EXPECT_NE(second->record.id, first->record.id);
  const auto third = Create(Keyed());
  ASSERT_THAT(third, IsOk());
  EXPECT_EQ(third->token.Expose(), second->token.Expose());
  // Nor does one last longer that was made in a wrong year.
  world_.clock.Advance(-absl::Hours(24));
  EXPECT_FALSE(Create(Keyed())->repeated);
}

TEST_F(IdempotencyTest, ARepetitionLeavesAnEventOfItsOwn) {
  const auto issued = Create(Keyed());
  ASSERT_THAT(issued, IsOk());
  EXPECT_THAT(IdempotencyRecords(), IsEmpty());
  ASSERT_THAT(Create(Keyed()), IsOk());
  std::vector<storage::AuditEventRecord> events = IdempotencyRecords();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].actor, world_.owner.ToString());
  EXPECT_EQ(events[0].resource_id, issued->record.id.ToString());
  EXPECT_THAT(audit::ReadDetails(events[0]),
              UnorderedElementsAre(
                  Pair("action", "service_account.create"),
                  Pair("token_public_id", issued->record.token.public_id)));
  const ServiceAccounts::RotateRequest rotate = {
      .account_id = world_.kHome.ToString(),
      .service_account_id = issued->record.id.ToString(),
      .idempotency_key = "rotation"};
  ASSERT_THAT(Rotate(rotate), IsOk());
  ASSERT_THAT(IdempotencyRecords(), SizeIs(1));
  ASSERT_THAT(Rotate(rotate), IsOk());
  events = IdempotencyRecords();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(audit::ReadDetails(events[0])["action"], "service_account.rotate");
}

// The server's keys are replaced one after another.
TEST_F(IdempotencyTest, AnAnswerIsFoundUnderEachKeyOfTheServer) {
  const auto issued = Create(Keyed(""));
  ASSERT_THAT(issued, IsOk());
  const std::string keys[] = {"key 1 " + std::string(64, 'a') + "\n",
                              "key 2 " + std::string(64, 'b') + "\n"};
  const auto before = Keyring("current 1\n" + keys[0]);
  const auto both = Keyring("current 2\n" + keys[0] + keys[1]);
  const auto after = Keyring("current 2\n" + keys[1]);
  const auto replay = [this](const crypto::MacKeyring& keyring) {
    return IdempotentCall::For(keyring, *CallerFor(world_.owner), "key-1",
                               "request");
  };
  const auto find = [&](const crypto::MacKeyring& keyring) {
    absl::StatusOr<std::optional<IssuedServiceAccount>> found;
    EXPECT_THAT(storage::ReadAndWait(world_.store,
                                     [&](storage::ReadTxn& txn) {
                                       found = FindAnswer(txn, replay(keyring),
                                                          world_.clock.Now());
                                       return found.status();
                                     }),
                IsOk());
    return found->has_value();
  };
  const auto keep = [&](const crypto::MacKeyring& keyring) {
    EXPECT_THAT(storage::WriteAndWait(world_.store,
                                      [&](storage::WriteTxn& txn) {
                                        return KeepAnswer(
                                            txn, replay(keyring), *issued,
                                            world_.clock.Now(), world_.random);
                                      }),
                IsOk());
  };
  keep(*before);
  EXPECT_TRUE(find(*before));
  EXPECT_TRUE(find(*both));
  EXPECT_FALSE(find(*after));
  keep(*both);
  EXPECT_TRUE(find(*after));
}

TEST_F(IdempotencyTest, ARotationIsSafeToRepeat) {
  const auto rotate = [this](const std::string& key) {
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(world_.owner),
                           {.account_id = world_.kHome.ToString(),
                            .service_account_id = world_.program.id.ToString(),
                            .overlap = RawDuration{.seconds = 60},
                            .idempotency_key = key},
                           outcome.Done());
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
TEST_F(IdempotencyTest, ARepeatedRotationShowsWhatTheFirstDid) {
  const auto rotate = [this] {
    world_.last_uses.Note(world_.kHome, world_.program.id, world_.clock.Now());
    world_.clock.Advance(absl::Seconds(1));
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(world_.owner),
                           {.account_id = world_.kHome.ToString(),
                            .service_account_id = world_.program.id.ToString(),
                            .idempotency_key = "key-1"},
                           outcome.Done());
    return outcome.Take();
  };
  const auto first = rotate();
  ASSERT_THAT(first, IsOk());
  EXPECT_NE(first->record.last_used_at, std::nullopt);
  const auto second = rotate();
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->record.last_used_at, first->record.last_used_at);
}

TEST_F(IdempotencyTest, AKeyHasAForm) {
  for (const std::string& key :
       {std::string("a b"), std::string("\n"), std::string("\xC3\xA9"),
        std::string(129, 'x')}) {
    EXPECT_THAT(GetErrorDetail(Create(Keyed(key)).status()).violations,
                ElementsAre(Field(&FieldViolation::field, "request_id")));
  }
  EXPECT_THAT(Create(Keyed(std::string(128, '~'))), IsOk());
}

// Whoever has all that is stored, and the key file, but no credential.
TEST_F(IdempotencyTest, StolenFilesYieldNoToken) {
  const auto issued = Create(Keyed());
  ASSERT_THAT(issued, IsOk());
  const std::string token(issued->token.Expose());
  const identity::CallerPtr caller = CallerFor(world_.owner);
  ServiceAccounts::CreateRequest request = Keyed();
  storage::IdempotencyRecord stolen;
  // The lookup follows from what is stored (who called) and a guessed key.
  const IdempotentCall replay =
      IdempotentCall::For(*world_.keyring, *caller, "key-1", "unknown request");
  ASSERT_THAT(storage::ReadAndWait(world_.store,
                                   [&](storage::ReadTxn& txn) {
                                     const auto found =
                                         txn.FindIdempotencyRecord(
                                             replay.places[0].lookup);
                                     if (found.ok()) stolen = *found;
                                     return found.status();
                                   }),
              IsOk());
  EXPECT_EQ(stolen.ciphertext.find(token), std::string::npos);
  const std::string secret = token.substr(token.size() - 49, 43);
  EXPECT_EQ(stolen.ciphertext.find(secret.substr(0, 8)), std::string::npos);
  // Guesses at the key from all that the thief has.
  const auto mac = issued->record.token.mac;
  const std::string mac_text(mac.begin(), mac.end());
  for (const std::string& guess :
       {std::string(), std::string("key"), mac_text,
        issued->record.token.public_id,
        std::string(stolen.lookup.begin(), stolen.lookup.end()),
        std::string(stolen.fingerprint.begin(), stolen.fingerprint.end())}) {
    const Secret key =
        crypto::DeriveKey(guess, "key-1", "signet replay key v1");
    EXPECT_FALSE(crypto::Decrypt(key, stolen.ciphertext, "").ok());
    IdempotentCall forged = IdempotentCall::For(
        *world_.keyring, *CallerFor(world_.owner, guess), "key-1", "");
    forged.fingerprint = stolen.fingerprint;
    EXPECT_THAT(
        storage::ReadAndWait(
            world_.store,
            [&](storage::ReadTxn& txn) {
              return FindAnswer(txn, forged, world_.clock.Now()).status();
            }),
        ErrorIs(absl::StatusCode::kFailedPrecondition,
                "REPLAY_CREDENTIAL_CHANGED"));
  }
}

// Whoever has the database, a credential that was good once, and knows the
// idempotency key, but not the key file.
TEST_F(IdempotencyTest, ADatabaseAndADeadCredentialYieldNoToken) {
  ASSERT_THAT(Create(Keyed()), IsOk());
  const auto ours = IdempotentCall::For(*world_.keyring,
                                        *CallerFor(world_.owner), "key-1", "");
  const auto theirs = crypto::MacKeyring::ForTest("a guess");
  const auto guess =
      IdempotentCall::For(*theirs, *CallerFor(world_.owner), "key-1", "");
  EXPECT_NE(guess.places[0].lookup, ours.places[0].lookup);
  EXPECT_NE(guess.places[0].key.Expose(), ours.places[0].key.Expose());
}

}  // namespace
}  // namespace signet::domain
