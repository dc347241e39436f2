// SPDX-License-Identifier: Apache-2.0
#include "server/seal/sealed_store.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/cover.h"
#include "server/domain/last_owner.h"
#include "server/domain/token_receiver.h"
#include "server/seal/seal.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/seal/sealed_store_fixture.h"

namespace signet::seal {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(SealedStoreTest, WhatIsWrittenComesBack) {
  EXPECT_THAT(Find(2), IsOk());
  EXPECT_THAT(Get(), IsOk());
  EXPECT_THAT(Held(), SizeIs(1));
  EXPECT_THAT(Listed(), SizeIs(2));
  EXPECT_EQ(store_.altered_rows(), 0);
  EXPECT_TRUE(AllVerify());
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(SealedStoreTest, EveryChangeIsSealed) {
  Write([this](storage::WriteTxn& txn) {
    storage::ServiceAccountRecord record =
        *txn.GetServiceAccount(kAccount, kId);
    record.enabled = false;
    record.token.expires_at = SampleTime(5);
    return txn.UpdateServiceAccount(record);
  });
  EXPECT_EQ(Get()->token.expires_at, SampleTime(5));
  Write([this](storage::WriteTxn& txn) {
    storage::ServiceAccountRecord record =
        *txn.GetServiceAccount(kAccount, kId);
    storage::TokenRecord before = record.token;
    absl::Status status = txn.ReplaceToken(WithToken(record, 22));
    before.retires_at = SampleTime(9);
    status.Update(txn.UpdateToken(kAccount, kId, before));
    return status;
  });
  EXPECT_EQ(Find(2)->token.retires_at, SampleTime(9));
  EXPECT_THAT(Find(22), IsOk());
  Write([this](storage::WriteTxn& txn) {
    return txn.RevokeAuthorization(kAccount, SampleId(101), SampleTime(1), {});
  });
  const auto revoked =
      In<storage::AuthorizationRecord>(store_, [&](storage::ReadTxn& txn) {
        return txn.GetAuthorization(kAccount, SampleId(101));
      });
  ASSERT_THAT(revoked, IsOk());
  EXPECT_EQ(revoked->revoked_at, SampleTime(1));
  EXPECT_EQ(store_.altered_rows(), 0);
}

TEST_F(SealedStoreTest, AnAlteredTokenIsNobodys) {
  TamperAccount([](auto& record) { record.token.expires_at = SampleTime(1); });
  EXPECT_THAT(Find(2), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Find(3), IsOk());
  EXPECT_THAT(Get(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Listed(), ElementsAre(testing::Field(
                            &storage::ServiceAccountRecord::id, SampleId(3))));
  EXPECT_EQ(store_.altered_rows(), 3);
  EXPECT_EQ(logger_.LinesOf("a row of the database is not as this server wrote "
                            "it"),
            1);  // One a second.
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(Find(2), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(logger_.lines().back().fields.at("total"), "4");
}

// It would say that there is nobody to ask about.
TEST_F(SealedStoreTest, WhoWasShownATokenIsNotHidden) {
  Write([&](storage::WriteTxn& txn) {
    storage::ServiceAccountRecord record =
        *txn.GetServiceAccount(kAccount, kId);
    record.token_shown_to = "user:" + SampleId(77).ToString();
    return txn.UpdateServiceAccount(record);
  });
  const storage::AuthorizationRecord grant =
      SampleGrant(kAccount, 102, kSubject, storage::GrantKind::kAccountOwner);
  const auto check = [&] {
    return In<bool>(store_,
                    [&](storage::ReadTxn& txn) -> absl::StatusOr<bool> {
                      const absl::Status status = domain::CheckReceiver(
                          txn, identity::Principal(), clock_.Now(), grant);
                      if (!status.ok()) return status;
                      return true;
                    })
        .status();
  };
  const auto shown =
      ErrorIs(StatusCode::kFailedPrecondition, domain::kTokenShownToAnother);
  EXPECT_THAT(check(), shown);
  AddDecoy();
  EXPECT_THAT(check(), shown);
  TamperAccount([](auto& record) { record.token_shown_to = ""; });
  EXPECT_THAT(check(),
              ErrorIs(StatusCode::kFailedPrecondition, kRecordAltered));
}

TEST_F(SealedStoreTest, AnAddedRowDoesNotHideWhoCanAct) {
  const auto acts = [&] {
    return *In<bool>(store_, [&](storage::ReadTxn& txn) {
      return domain::CanAct(txn, domain::OauthOwners::kCannotAct, SampleTime(),
                            kSubject);
    });
  };
  EXPECT_TRUE(acts());
  AddDecoy();
  EXPECT_TRUE(acts());
  TamperAccount([](auto& record) { record.labels = {{"role", "admin"}}; });
  EXPECT_FALSE(acts());
}

TEST_F(SealedStoreTest, AnAlteredServiceAccountIsNobodys) {
  TamperAccount([](auto& record) { record.labels = {{"role", "admin"}}; });
  EXPECT_THAT(Find(2), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Get(), StatusIs(StatusCode::kFailedPrecondition));
}

// Who remembers it asks again, and hears that it is nobody.
TEST_F(SealedStoreTest, WhoRemembersAnAlteredOneIsTold) {
  TamperAccount([](auto& record) { record.enabled = false; });
  EXPECT_THAT(Get(), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_THAT(told_[0].service_accounts,
              ElementsAre(storage::TokenChanges::ServiceAccount{
                  .account_id = kAccount, .id = kId}));
}

TEST_F(SealedStoreTest, AGrantWithoutASealOfItsOwnGivesNothing) {
  storage::AuthorizationRecord sealed =
      *In<storage::AuthorizationRecord>(engine_, [&](storage::ReadTxn& txn) {
        return txn.GetAuthorization(kAccount, SampleId(101));
      });
  storage::AuthorizationRecord forged =
      SampleGrant(kAccount, 102, kSubject, storage::GrantKind::kSuperAdmin);
  storage::AuthorizationRecord copied = forged;
  copied.id = SampleId(103);
  copied.grant_kind = storage::GrantKind::kAccountOwner;
  copied.seal = sealed.seal;
  Tamper([&](storage::WriteTxn& txn) {
    absl::Status status = txn.InsertAuthorization(forged);
    status.Update(txn.InsertAuthorization(copied));
    return status;
  });
  EXPECT_THAT(Held(), ElementsAre(sealed));
}

// However many rows somebody adds, a look costs no more than that, and what it
// then does not know it does not make up.
TEST_F(SealedStoreTest, ManyAddedRowsAreNotReadWithoutEnd) {
  Tamper([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (uint32_t i = 0; i < 100; ++i) {
      storage::AuthorizationRecord forged =
          SampleCapability(kAccount, 1000 + i, kSubject);
      forged.id = SampleId(i % 2 == 0 ? 10 + i : 1000 + i);
      forged.capability_key = "mailbox.c" + std::to_string(i);
      status.Update(txn.InsertAuthorization(forged));
    }
    return status;
  });
  const auto list = [&](int limit) {
    return In<std::vector<storage::AuthorizationRecord>>(
        store_, [&](storage::ReadTxn& txn) {
          return txn.ListGrantsOf(
              kSubject, {.kind = storage::GrantKind::kCapability}, limit);
        });
  };
  EXPECT_THAT(list(2), ErrorIs(StatusCode::kFailedPrecondition, kRecordAltered))
      << "the good one is behind 32 that are not";
  EXPECT_EQ(store_.altered_rows(), 2 + 8 + 32);
  EXPECT_THAT(list(40), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(list(0), IsOkAndHolds(IsEmpty()));
}

// Somebody damages the owner's grant, has a manager rotate the owner, and puts
// the grant right again.
TEST_F(SealedStoreTest, AnAlteredGrantIsCoveredByASuperAdminOnly) {
  const storage::Subject owner = {storage::SubjectType::kUser,
                                  SampleId(77).ToString()};
  const storage::Subject admin = {storage::SubjectType::kUser,
                                  SampleId(78).ToString()};
  Write([&](storage::WriteTxn& txn) {
    absl::Status status = txn.InsertAuthorization(
        SampleGrant(kAccount, 102, owner, storage::GrantKind::kAccountOwner));
    status.Update(txn.InsertAuthorization(
        SampleGrant(kAccount, 103, admin, storage::GrantKind::kSuperAdmin)));
    return status;
  });
  const auto covers = [&](const storage::Subject& who, domain::Cover cover) {
    return storage::ReadAndWait(store_, [&](storage::ReadTxn& txn) {
      domain::Rights rights(&txn, {who});
      return domain::CheckCovers(txn, rights, kId, cover);
    });
  };
  EXPECT_THAT(covers(owner, domain::Cover::kEverything), IsOk());
  Tamper([&](storage::WriteTxn& txn) {
    return txn.SealAuthorization(kAccount, SampleId(101), SampleSeal(1));
  });
  for (const domain::Cover cover :
       {domain::Cover::kGoverning, domain::Cover::kEverything}) {
    const absl::Status status = covers(owner, cover);
    EXPECT_THAT(status,
                ErrorIs(StatusCode::kPermissionDenied, "GRANT_EXCEEDS_OWN"));
    EXPECT_THAT(status.message(), testing::HasSubstr("not as this server"));
    EXPECT_THAT(covers(admin, cover), IsOk());
  }
}

// An ownership that does not verify is none: it neither keeps its holder from
// being ended nor lets another owner go.
TEST_F(SealedStoreTest, AnAlteredOwnershipIsNoOwner) {
  const storage::Subject other = {storage::SubjectType::kServiceAccount,
                                  SampleId(3).ToString()};
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (const auto& [number, subject] :
         {std::pair(102, kSubject), std::pair(103, other)}) {
      status.Update(txn.InsertAuthorization(SampleGrant(
          kAccount, number, subject, storage::GrantKind::kAccountOwner)));
    }
    return status;
  });
  const auto may_end = [&](uint32_t number) {
    return storage::ReadAndWait(store_, [&](storage::ReadTxn& txn) {
      const storage::ServiceAccountRecord record =
          *txn.GetServiceAccount(kAccount, SampleId(number));
      return domain::CheckMayLose(txn, identity::Principal(),
                                  domain::OauthOwners::kCannotAct, SampleTime(),
                                  std::span(&record, 1));
    });
  };
  EXPECT_THAT(may_end(2), IsOk());
  EXPECT_THAT(may_end(3), IsOk());
  Tamper([&](storage::WriteTxn& txn) {
    return txn.SealAuthorization(kAccount, SampleId(102), SampleSeal(1));
  });
  EXPECT_THAT(may_end(2), IsOk());
  EXPECT_THAT(may_end(3),
              ErrorIs(StatusCode::kFailedPrecondition, "LAST_OWNER"));
}

// A token that a rotation replaced is hidden until somebody else has been made
// an owner, or until a rotation has ended all the others.
TEST_F(SealedStoreTest, AnAlteredTokenDoesNotCountForEnded) {
  Write([this](storage::WriteTxn& txn) {
    storage::ServiceAccountRecord record =
        *txn.GetServiceAccount(kAccount, kId);
    storage::TokenRecord before = record.token;
    record.token_shown_to = "operator";
    absl::Status status = txn.ReplaceToken(WithToken(record, 22));
    before.retires_at = SampleTime(9);
    status.Update(txn.UpdateToken(kAccount, kId, before));
    return status;
  });
  const storage::AuthorizationRecord grant =
      SampleGrant(kAccount, 102, kSubject, storage::GrantKind::kAccountOwner);
  const auto check = [&] {
    return storage::ReadAndWait(store_, [&](storage::ReadTxn& txn) {
      return domain::CheckReceiver(txn, identity::Principal(), SampleTime(5),
                                   grant);
    });
  };
  EXPECT_THAT(check(), ErrorIs(StatusCode::kFailedPrecondition,
                               domain::kTokenShownToAnother));
  Tamper([this](storage::WriteTxn& txn) {
    storage::TokenRecord token = txn.FindToken(SamplePublicId(2))->token;
    token.retires_at = SampleTime(1);
    return txn.UpdateToken(kAccount, kId, token);
  });
  const auto altered = ErrorIs(StatusCode::kFailedPrecondition, kRecordAltered);
  EXPECT_THAT(check(), altered);
  EXPECT_THAT(In<std::vector<storage::TokenRecord>>(
                  store_,
                  [&](storage::ReadTxn& txn) {
                    return txn.ListTokensInUse(kAccount, kId);
                  }),
              altered);
  EXPECT_THAT(In<bool>(store_,
                       [&](storage::ReadTxn& txn) {
                         return domain::CanAct(txn,
                                               domain::OauthOwners::kCannotAct,
                                               SampleTime(5), kSubject);
                       }),
              IsOkAndHolds(true))
      << "its current token is good";
}

// What does not verify never gets a seal by it.
TEST_F(SealedStoreTest, RevokingDoesNotLaunder) {
  const storage::AuthorizationRecord forged =
      SampleGrant(kAccount, 102, kSubject, storage::GrantKind::kSuperAdmin);
  Tamper(
      [&](storage::WriteTxn& txn) { return txn.InsertAuthorization(forged); });
  EXPECT_THAT(storage::WriteAndWait(store_,
                                    [&](storage::WriteTxn& txn) {
                                      return txn.RevokeAuthorization(
                                          kAccount, forged.id, SampleTime(1),
                                          {});
                                    }),
              ErrorIs(StatusCode::kFailedPrecondition, kRecordAltered));
  const auto found =
      In<storage::AuthorizationRecord>(engine_, [&](storage::ReadTxn& txn) {
        return txn.GetAuthorization(kAccount, forged.id);
      });
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(*found, forged);
}

TEST_F(SealedStoreTest, NobodyElseMakesSeals) {
  EXPECT_THAT(storage::WriteAndWait(store_,
                                    [&](storage::WriteTxn& txn) {
                                      return txn.SealAuthorization(
                                          kAccount, SampleId(101),
                                          SampleSeal(1));
                                    }),
              StatusIs(StatusCode::kInternal));
  EXPECT_THAT(Held(), SizeIs(1));
}

// A record that a caller had in hand before somebody edited the row: what it
// writes is what it had, or does not verify.
TEST_F(SealedStoreTest, WritingBackDoesNotLaunder) {
  const storage::ServiceAccountRecord good = *Get();
  TamperAccount([](auto& record) {
    record.labels = {{"role", "admin"}};
    record.token.expires_at = SampleTime(99);
  });
  Write([&](storage::WriteTxn& txn) { return txn.UpdateServiceAccount(good); });
  EXPECT_EQ(Get()->labels, good.labels);
  EXPECT_EQ(Get()->token.expires_at, good.token.expires_at);

  // What an update does not write stays as it is, and the seal tells.
  Tamper([&](storage::WriteTxn& txn) {
    absl::Status status = txn.DeleteServiceAccount(kAccount, kId);
    storage::ServiceAccountRecord mine = good;
    mine.token.mac.fill(0x66);
    status.Update(txn.InsertServiceAccount(mine));
    return status;
  });
  Write([&](storage::WriteTxn& txn) { return txn.UpdateServiceAccount(good); });
  EXPECT_THAT(Find(2), StatusIs(StatusCode::kNotFound));
  Write([&](storage::WriteTxn& txn) {
    return txn.UpdateToken(kAccount, kId, good.token);
  });
  EXPECT_THAT(Find(2), StatusIs(StatusCode::kNotFound));
}

// By the token that it replaced, the current one comes along and is written
// back with it.
TEST_F(SealedStoreTest, AnAlteredCurrentTokenIsNotLaunderedByAReplacedOne) {
  Write([this](storage::WriteTxn& txn) {
    storage::ServiceAccountRecord record =
        *txn.GetServiceAccount(kAccount, kId);
    storage::TokenRecord before = record.token;
    absl::Status status = txn.ReplaceToken(WithToken(record, 22));
    before.retires_at = SampleTime(9);
    status.Update(txn.UpdateToken(kAccount, kId, before));
    return status;
  });
  EXPECT_THAT(Find(2), IsOk());
  TamperAccount([](auto& record) { record.token.not_before = SampleTime(1); });
  EXPECT_THAT(Find(2), StatusIs(StatusCode::kNotFound));
}

// Housekeeping would otherwise find the same altered rows for ever.
TEST_F(SealedStoreTest, AlteredRowsDoNotStandBeforeOthers) {
  Write([this](storage::WriteTxn& txn) {
    absl::Status status;
    for (uint32_t number : {2u, 3u}) {
      storage::ServiceAccountRecord record =
          *txn.GetServiceAccount(kAccount, SampleId(number));
      record.token.expires_at = SampleTime(number);
      status.Update(txn.UpdateServiceAccount(record));
    }
    return status;
  });
  TamperAccount([](auto& record) { record.labels = {{"a", "b"}}; });
  const auto ids =
      [](const absl::StatusOr<std::vector<storage::ServiceAccountRecord>>&
             records) {
        std::vector<Uuid> found;
        for (const auto& record : *records) found.push_back(record.id);
        return found;
      };
  using Records = std::vector<storage::ServiceAccountRecord>;
  EXPECT_THAT(ids(In<Records>(store_,
                              [](storage::ReadTxn& txn) {
                                return txn.ListExpiring(SampleTime(), "",
                                                        SampleTime(9), 1);
                              })),
              ElementsAre(SampleId(3)));
  EXPECT_THAT(ids(In<Records>(store_,
                              [](storage::ReadTxn& txn) {
                                return txn.ListDead(SampleTime(9), 1);
                              })),
              ElementsAre(SampleId(3)));
}

}  // namespace
}  // namespace signet::seal
