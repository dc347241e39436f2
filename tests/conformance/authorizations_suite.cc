// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

const Subject kUser = {SubjectType::kUser, "someone"};
const Subject kGroup = {SubjectType::kGroup, "admins"};

TEST_P(StoreConformance, AnAuthorizationComesBackAsItWasStored) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const AuthorizationRecord sparse =
      SampleGrant(account_, 10, kUser, GrantKind::kAccountOwner);
  AuthorizationRecord full = SampleCapability(account_, 11, kUser);
  full.resource_type = "mailbox";
  full.resource_id = SampleId(30);
  full.subject_issuer = "https://issuer.example";
  full.seal = SampleSeal(5);
  ASSERT_THAT(Insert(sparse), IsOk());
  ASSERT_THAT(Insert(full), IsOk());
  EXPECT_THAT(Held({kUser}, account_), IsOkAndHolds(ElementsAre(sparse, full)));
}

TEST_P(StoreConformance, AuthorizationsComeInOrderOfIdWhoeverHoldsThem) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const AuthorizationRecord first = SampleCapability(account_, 10, kUser);
  const AuthorizationRecord second = SampleCapability(account_, 11, kGroup);
  const AuthorizationRecord third =
      SampleGrant(account_, 12, kUser, GrantKind::kSuperAdmin);
  for (const auto& grant : {third, first, second}) {
    ASSERT_THAT(Insert(grant), IsOk());
  }
  EXPECT_THAT(Held({kUser, kGroup}, account_),
              IsOkAndHolds(ElementsAre(first, second, third)));
  EXPECT_THAT(Held({kGroup, kUser}, account_),
              IsOkAndHolds(ElementsAre(first, second, third)));
}

TEST_P(StoreConformance, ASubjectNamedTwiceHoldsNothingTwice) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const AuthorizationRecord grant = SampleCapability(account_, 10, kUser);
  ASSERT_THAT(Insert(grant), IsOk());
  EXPECT_THAT(Held({kUser, kUser}, account_), IsOkAndHolds(ElementsAre(grant)));
}

TEST_P(StoreConformance, TheSameIsGrantedOnceAtATime) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const AuthorizationRecord bare = SampleCapability(account_, 10, kUser);
  std::vector<AuthorizationRecord> grants(8, bare);
  grants[1].account_id = other_account_;
  grants[2].subject = kGroup;
  grants[3].capability_key = "account.view";
  grants[4].resource_type = "mailbox";
  grants[5].resource_type = "mailbox";
  grants[5].resource_id = SampleId(30);
  grants[6].subject_issuer = "https://issuer.example";
  grants[7] = SampleGrant(account_, 0, kUser, GrantKind::kAccountOwner);
  uint32_t number = 100;
  for (AuthorizationRecord& grant : grants) {
    grant.id = SampleId(++number);
    EXPECT_THAT(Insert(grant), IsOk());
  }
  for (AuthorizationRecord grant : grants) {
    SCOPED_TRACE(grant.id.ToString());
    grant.id = SampleId(++number);
    grant.created_at = SampleTime(1);
    grant.seal = SampleSeal(number);
    EXPECT_THAT(Insert(grant), StatusIs(StatusCode::kAlreadyExists));
    // One that is over is in nobody's way, and the other way round.
    grant.revoked_at = SampleTime(2);
    EXPECT_THAT(Insert(grant), IsOk());
  }
  const auto revoke = [&] {
    return Write([&](WriteTxn& txn) {
      return txn.RevokeAuthorization(account_, grants[0].id, SampleTime(3), {});
    });
  };
  ASSERT_THAT(revoke(), IsOk());
  AuthorizationRecord again = bare;
  again.id = SampleId(++number);
  EXPECT_THAT(Insert(again), IsOk());
}

TEST_P(StoreConformance, ARevocationPutsItsSealInPlaceOfTheOneBefore) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  AuthorizationRecord grant = SampleCapability(account_, 10, kUser);
  grant.seal = SampleSeal(1);
  ASSERT_THAT(Insert(grant), IsOk());
  const auto revoke = [&](absl::Time at, const Seal& seal) {
    return Write([&](WriteTxn& txn) {
      return txn.RevokeAuthorization(account_, grant.id, at, seal);
    });
  };
  const auto get = [&] {
    return Ask(
        [&](ReadTxn& txn) { return txn.GetAuthorization(account_, grant.id); });
  };
  ASSERT_THAT(revoke(SampleTime(1), SampleSeal(2)), IsOk());
  grant.revoked_at = SampleTime(1);
  grant.seal = SampleSeal(2);
  EXPECT_THAT(get(), IsOkAndHolds(grant));
  ASSERT_THAT(revoke(SampleTime(9), SampleSeal(3)), IsOk());  // No change.
  EXPECT_THAT(get(), IsOkAndHolds(grant));
}

TEST_P(StoreConformance, ASealTakesTheOldOnesPlaceAndChangesNothingElse) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  AuthorizationRecord grant = SampleCapability(account_, 10, kUser);
  grant.revoked_at = SampleTime(1);
  ASSERT_THAT(Insert(grant), IsOk());
  grant.seal = SampleSeal(2);
  const auto seal = [&](const Uuid& account_id, const Uuid& id) {
    return Write([&](WriteTxn& txn) {
      return txn.SealAuthorization(account_id, id, grant.seal);
    });
  };
  ASSERT_THAT(seal(account_, grant.id), IsOk());
  EXPECT_THAT(Ask([&](ReadTxn& txn) {
                return txn.GetAuthorization(account_, grant.id);
              }),
              IsOkAndHolds(grant));
  EXPECT_THAT(seal(account_, SampleId(11)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(seal(SampleId(99), grant.id), StatusIs(StatusCode::kNotFound));
}

TEST_P(StoreConformance, WhatOthersHoldIsHidden) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(Insert(SampleCapability(account_, 10, kUser)), IsOk());
  EXPECT_THAT(Held({}, account_), IsOkAndHolds(testing::IsEmpty()));
  EXPECT_THAT(Held({{SubjectType::kGroup, "someone"}}, account_),
              IsOkAndHolds(testing::IsEmpty()));
  EXPECT_THAT(Held({{SubjectType::kUser, "Someone"}}, account_),
              IsOkAndHolds(testing::IsEmpty()));
  EXPECT_THAT(Held({{SubjectType::kUser, "someone "}}, account_),
              IsOkAndHolds(testing::IsEmpty()));
}

TEST_P(StoreConformance, WhatIsHeldOnOtherAccountsIsHidden) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const AuthorizationRecord here =
      SampleGrant(account_, 10, kUser, GrantKind::kAccountOwner);
  const AuthorizationRecord there =
      SampleGrant(other_account_, 11, kUser, GrantKind::kAccountOwner);
  ASSERT_THAT(Insert(here), IsOk());
  ASSERT_THAT(Insert(there), IsOk());
  EXPECT_THAT(Held({kUser}, account_), IsOkAndHolds(ElementsAre(here)));
  EXPECT_THAT(Held({kUser}, other_account_), IsOkAndHolds(ElementsAre(there)));
  EXPECT_THAT(Held({kUser}, SampleId(3)), IsOkAndHolds(testing::IsEmpty()));
}

TEST_P(StoreConformance, AllThatASubjectHoldsIsListedWhateverTheAccount) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  AuthorizationRecord revoked = SampleCapability(account_, 9, kUser);
  revoked.revoked_at = SampleTime();
  const AuthorizationRecord here = SampleCapability(account_, 13, kUser);
  const AuthorizationRecord owner =
      SampleGrant(other_account_, 10, kUser, GrantKind::kAccountOwner);
  const AuthorizationRecord there =
      SampleGrant(other_account_, 11, kUser, GrantKind::kSuperAdmin);
  for (const auto& grant :
       {revoked, here, there, owner, SampleCapability(account_, 14, kGroup)}) {
    ASSERT_THAT(Insert(grant), IsOk());
  }
  const auto list = [this](const Subject& subject, const GrantFilter& filter,
                           int limit) {
    return Ask(
        [&](ReadTxn& txn) { return txn.ListGrantsOf(subject, filter, limit); });
  };
  EXPECT_THAT(list(kUser, {}, 9),
              IsOkAndHolds(ElementsAre(owner, there, here)));
  for (const size_t limit : {size_t{1}, size_t{2}}) {
    const auto some = list(kUser, {}, static_cast<int>(limit));
    ASSERT_THAT(some, IsOk());
    EXPECT_THAT(*some, testing::SizeIs(limit));
    EXPECT_TRUE(std::is_sorted(
        some->begin(), some->end(),
        [](const auto& a, const auto& b) { return a.id < b.id; }));
  }
  EXPECT_THAT(list(kUser, {}, 0), IsOkAndHolds(testing::IsEmpty()));
  EXPECT_THAT(list({SubjectType::kServiceAccount, kUser.id}, {}, 9),
              IsOkAndHolds(testing::IsEmpty()));
}

TEST_P(StoreConformance, GrantsOfASubjectArePickedByKindAndByCapability) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  std::vector<AuthorizationRecord> all;
  uint32_t number = 10;
  for (const Uuid& account : {account_, other_account_}) {
    for (const char* key : {"auth", "auth.", "auth.manage", "auth.z", "auth/x",
                            "b", "auth.\u00e9"}) {
      all.push_back(SampleCapability(account, number++, kUser));
      all.back().capability_key = key;
    }
    for (const GrantKind kind :
         {GrantKind::kAccountOwner, GrantKind::kSuperAdmin}) {
      all.push_back(SampleGrant(account, number++, kUser, kind));
    }
  }
  for (const auto& grant : all) ASSERT_THAT(Insert(grant), IsOk());
  const std::pair<GrantFilter, size_t> cases[] = {
      {{}, 2 * 9},
      {{.capability_prefix = "auth."}, 2 * (4 + 2)},
      {{.capability_prefix = "auth.manage"}, 2 * (1 + 2)},
      {{.capability_prefix = "c"}, 2 * 2},
      {{.kind = GrantKind::kAccountOwner}, 2},
      {{.kind = GrantKind::kSuperAdmin}, 2},
      {{.kind = GrantKind::kCapability}, 2 * 7},
      {{.kind = GrantKind::kCapability, .capability_prefix = "b"}, 2}};
  for (const auto& [filter, count] : cases) {
    std::vector<AuthorizationRecord> want;
    for (const AuthorizationRecord& grant : all) {
      if (filter.Matches(grant)) want.push_back(grant);
    }
    EXPECT_EQ(want.size(), count);
    EXPECT_THAT(Ask([&, &filter = filter](ReadTxn& txn) {
                  return txn.ListGrantsOf(kUser, filter, 99);
                }),
                IsOkAndHolds(want));
  }
}

TEST_P(StoreConformance, OwnersAreListedAccountByAccount) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const auto owner = [](const Uuid& account, uint32_t id, const Subject& who) {
    return SampleGrant(account, id, who, GrantKind::kAccountOwner);
  };
  AuthorizationRecord revoked = owner(account_, 9, kUser);
  revoked.revoked_at = SampleTime();
  const AuthorizationRecord first = owner(account_, 10, kGroup);
  const AuthorizationRecord second = owner(account_, 12, kUser);
  for (const auto& grant :
       {revoked, second, first, owner(other_account_, 11, kUser),
        SampleCapability(account_, 13, kUser),
        SampleGrant(account_, 14, kUser, GrantKind::kSuperAdmin)}) {
    ASSERT_THAT(Insert(grant), IsOk());
  }
  const auto list = [this](int limit) {
    return Ask([&](ReadTxn& txn) { return txn.ListOwners(account_, limit); });
  };
  EXPECT_THAT(list(9), IsOkAndHolds(ElementsAre(second, first)));
  EXPECT_THAT(list(1), IsOkAndHolds(ElementsAre(second)));
}

TEST_P(StoreConformance, ServiceAccountsAreFoundWhateverTheirAccount) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(other_account_, 5);
  ASSERT_THAT(Insert(record), IsOk());
  const auto find = [this](const Uuid& id) {
    return Ask([&](ReadTxn& txn) { return txn.FindServiceAccounts(id); });
  };
  EXPECT_THAT(find(record.id), IsOkAndHolds(ElementsAre(record)));
  EXPECT_THAT(find(SampleId(6)), IsOkAndHolds(testing::IsEmpty()));
  // Only somebody else writes a second one of the same id.
  ServiceAccountRecord decoy = SampleServiceAccount(account_, 6);
  decoy.id = record.id;
  ASSERT_THAT(Insert(decoy), IsOk());
  EXPECT_THAT(find(record.id), IsOkAndHolds(ElementsAre(decoy, record)));
}

TEST_P(StoreConformance, ASuperAdminIsOneOnEveryAccountEvenOneThatIsNotThere) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const AuthorizationRecord grant =
      SampleGrant(account_, 10, kUser, GrantKind::kSuperAdmin);
  ASSERT_THAT(Insert(grant), IsOk());
  for (const Uuid& anywhere : {account_, other_account_, SampleId(3)}) {
    EXPECT_THAT(Held({kUser}, anywhere), IsOkAndHolds(ElementsAre(grant)));
  }
}

TEST_P(StoreConformance, WhatIsRevokedIsHidden) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  AuthorizationRecord capability = SampleCapability(account_, 10, kUser);
  AuthorizationRecord super_admin =
      SampleGrant(account_, 11, kUser, GrantKind::kSuperAdmin);
  for (AuthorizationRecord* grant : {&capability, &super_admin}) {
    grant->revoked_at = SampleTime();
    ASSERT_THAT(Insert(*grant), IsOk());
  }
  EXPECT_THAT(Held({kUser}, account_), IsOkAndHolds(testing::IsEmpty()));
  EXPECT_THAT(Held({kUser}, other_account_), IsOkAndHolds(testing::IsEmpty()));
}

TEST_P(StoreConformance, AnAuthorizationsTakenIdAlreadyExists) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  ASSERT_THAT(Insert(SampleCapability(account_, 10, kUser)), IsOk());
  EXPECT_THAT(Insert(SampleCapability(other_account_, 10, kGroup)),
              StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(Held({kGroup}, other_account_), IsOkAndHolds(testing::IsEmpty()));
}

TEST_P(StoreConformance, AnAuthorizationNeedsItsAccount) {
  EXPECT_THAT(Insert(SampleCapability(account_, 10, kUser)),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Held({kUser}, account_), IsOkAndHolds(testing::IsEmpty()));
}

// Few and many of them, on this account and on others.
TEST_P(StoreConformance, WhatBearsOnAQuestionIsHeldHoweverMuchIsHeld) {
  for (const uint32_t more : {0u, 300u}) {
    SCOPED_TRACE(more);
    const Subject user = {SubjectType::kUser, more == 0 ? "few" : "many"};
    const Subject group = {SubjectType::kGroup, user.id};
    const uint32_t first = 100 + 100 * more;
    ASSERT_THAT(EnsureAccount(account_), IsOk());
    ASSERT_THAT(EnsureAccount(other_account_), IsOk());
    std::vector<AuthorizationRecord> all;
    const auto add = [&](const Uuid& account, const Subject& subject,
                         const char* key, const char* resource_type,
                         std::optional<Uuid> resource_id) {
      const auto number = static_cast<uint32_t>(first + all.size());
      AuthorizationRecord grant = SampleCapability(account, number, subject);
      grant.capability_key = key;
      if (*resource_type != '\0') grant.resource_type = resource_type;
      grant.resource_id = resource_id;
      all.push_back(grant);
    };
    for (const Subject& subject : {user, group}) {
      for (const Uuid& account : {account_, other_account_}) {
        for (const char* key : {"a.one", "a.two", "auth.manage"}) {
          add(account, subject, key, "", std::nullopt);
          add(account, subject, key, "mailbox", std::nullopt);
          add(account, subject, key, "mailbox", SampleId(7));
          add(account, subject, key, "mailbox", SampleId(8));
          add(account, subject, key, "domain", std::nullopt);
        }
      }
    }
    for (uint32_t i = 0; i < more; ++i) {
      add(account_, user, "a.one", "route", SampleId(1000 + i));
    }
    all.push_back(
        SampleGrant(account_, first + 2001, user, GrantKind::kAccountOwner));
    all.push_back(
        SampleGrant(account_, first + 2002, user, GrantKind::kSuperAdmin));
    all.push_back(SampleGrant(other_account_, first + 2003, user,
                              GrantKind::kSuperAdmin));
    all.push_back(SampleGrant(other_account_, first + 2004, user,
                              GrantKind::kAccountOwner));
    AuthorizationRecord revoked =
        SampleCapability(account_, first + 2005, user);
    revoked.revoked_at = SampleTime();
    all.push_back(revoked);
    ASSERT_THAT(Write([&](WriteTxn& txn) {
                  absl::Status status;
                  for (const auto& grant : all) {
                    status.Update(txn.InsertAuthorization(grant));
                  }
                  return status;
                }),
                IsOk());
    const HeldFilter filters[] = {
        {},
        {.capability_keys = {"auth.manage", "a.two", "a.none"}},
        {.capability_keys = {"a.one"}, .resource_type = "mailbox"},
        {.capability_keys = {"a.one"},
         .resource_type = "mailbox",
         .resource_id = SampleId(7)}};
    for (const HeldFilter& filter : filters) {
      const std::vector<Subject> subjects = {user, group, user};
      std::vector<AuthorizationRecord> want;
      const auto everything = Held({user, group}, account_);
      ASSERT_THAT(everything, IsOk());
      for (const AuthorizationRecord& grant : *everything) {
        if (filter.Matches(grant)) want.push_back(grant);
      }
      EXPECT_GE(want.size(), 3u);
      EXPECT_THAT(Ask([&](ReadTxn& txn) {
                    return txn.ListHeldFor(subjects, account_, filter);
                  }),
                  IsOkAndHolds(want));
    }
  }
}

TEST_P(StoreConformance, WhatASubjectHoldsOnAnAccountIsCountedUpToALimit) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const auto count = [this](const Subject& subject, int limit) {
    return Ask([&](ReadTxn& txn) {
      return txn.CountHeldAuthorizations(subject, account_, limit);
    });
  };
  EXPECT_THAT(count(kUser, 10), IsOkAndHolds(0));
  for (uint32_t i = 0; i < 5; ++i) {
    AuthorizationRecord grant = SampleCapability(account_, 10 + i, kUser);
    grant.resource_type = "route";
    grant.resource_id = SampleId(50 + i);
    if (i == 4) grant.revoked_at = SampleTime();
    ASSERT_THAT(Insert(grant), IsOk());
  }
  ASSERT_THAT(Insert(SampleCapability(other_account_, 20, kUser)), IsOk());
  ASSERT_THAT(Insert(SampleCapability(account_, 21, kGroup)), IsOk());
  EXPECT_THAT(count(kUser, 10), IsOkAndHolds(4));
  EXPECT_THAT(count(kUser, 3), IsOkAndHolds(3));
  EXPECT_THAT(count(kGroup, 10), IsOkAndHolds(1));
}

TEST_P(StoreConformance, TheGrantThatEqualsOneIsFound) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  AuthorizationRecord full = SampleCapability(account_, 10, kUser);
  full.resource_type = "mailbox";
  full.resource_id = SampleId(30);
  const AuthorizationRecord sparse = SampleCapability(account_, 11, kUser);
  const AuthorizationRecord owner =
      SampleGrant(account_, 12, kUser, GrantKind::kAccountOwner);
  for (const auto& grant : {full, sparse, owner}) {
    ASSERT_THAT(Insert(grant), IsOk());
  }
  const auto equal = [this](const AuthorizationRecord& grant) {
    return Ask([&](ReadTxn& txn) { return txn.FindEqualAuthorization(grant); });
  };
  for (AuthorizationRecord wanted : {full, sparse, owner}) {
    const AuthorizationRecord stored = wanted;
    wanted.id = SampleId(99);
    wanted.created_at = SampleTime(9);
    EXPECT_THAT(equal(wanted), IsOkAndHolds(stored));
  }
  const auto other = [&](auto change) {
    AuthorizationRecord grant = full;
    change(grant);
    return equal(grant);
  };
  const auto none = StatusIs(StatusCode::kNotFound);
  EXPECT_THAT(other([&](auto& g) { g.account_id = other_account_; }), none);
  EXPECT_THAT(other([](auto& g) { g.subject = kGroup; }), none);
  EXPECT_THAT(other([](auto& g) { g.capability_key = "a.other"; }), none);
  EXPECT_THAT(other([](auto& g) { g.resource_type = "domain"; }), none);
  EXPECT_THAT(other([](auto& g) { g.resource_id.reset(); }), none);
  EXPECT_THAT(other([](auto& g) { g.resource_id = SampleId(31); }), none);
  EXPECT_THAT(other([](auto& g) { g.subject_issuer = "https://else"; }), none);
  EXPECT_THAT(other([](auto& g) {
                g.grant_kind = GrantKind::kSuperAdmin;
                g.capability_key.reset();
              }),
              none);
  ASSERT_THAT(Write([&](WriteTxn& txn) {
                return txn.RevokeAuthorization(account_, full.id, SampleTime(),
                                               {});
              }),
              IsOk());
  EXPECT_THAT(equal(full), none);
}

}  // namespace
}  // namespace signet::storage
