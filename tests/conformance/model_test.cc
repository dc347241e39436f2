// SPDX-License-Identifier: Apache-2.0
//
// Random use of the whole interface, by the memory engine and by SQLite: both
// must answer the same. The SQLite store is opened anew now and then.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "storage/memory/memory_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet {
namespace {

constexpr int kRounds = 3000;
constexpr absl::Duration kTimeLimit = absl::Seconds(3);

bool ById(const ServiceAccountRecord& a, const ServiceAccountRecord& b) {
  return std::tie(a.account_id, a.id) < std::tie(b.account_id, b.id);
}

class StoreModelTest : public testing::Test {
 protected:
  StoreModelTest() { Reopen(); }

  void Reopen() {
    subject_.reset();
    auto store = SqliteStore::Open({.directory = directory_.path()});
    EXPECT_THAT(store, IsOk());
    subject_ = *std::move(store);
  }

  // Few values, so that they meet.
  uint32_t Pick(uint32_t count) { return random_() % count; }
  bool Chance(uint32_t one_in) { return Pick(one_in) == 0; }
  Uuid AnAccount() { return SampleId(1 + Pick(3)); }
  Uuid AnId() { return SampleId(10 + Pick(25)); }
  absl::Time ATime() {
    return SampleTime(Pick(12)) + absl::Nanoseconds(Pick(2));
  }
  std::optional<absl::Time> PerhapsATime() {
    if (Chance(2)) return std::nullopt;
    return ATime();
  }
  std::string APublicId() { return SamplePublicId(Pick(80)); }
  std::string AText() {
    static const std::string* const kTexts = new std::string[6]{
        "a", "ab", std::string("a\0b", 3), "b", "\u00e9", "\U0001F511 z"};
    return kTexts[Pick(6)];
  }
  Subject ASubject() {
    return {static_cast<SubjectType>(1 + Pick(2)), Chance(2) ? "u" : "v"};
  }

  ServiceAccountRecord AServiceAccount() {
    ServiceAccountRecord record = SampleServiceAccount(AnAccount(), Pick(25));
    record.id = AnId();
    record.name = Chance(40) ? "" : AText();
    record.token.public_id = APublicId();
    record.token.expires_at = PerhapsATime();
    record.created_at = ATime();
    record.updated_at = ATime();
    record.last_used_at = PerhapsATime();
    if (Chance(4)) {
      record.revoked_at = ATime();
      record.revoked_by_user_id = AnId();
      record.revoke_reason = static_cast<RevokeReason>(Pick(5));
      record.revoke_comment = AText();
    }
    if (Chance(3)) record.description = AText();
    while (Chance(2)) record.labels[AText()] = Chance(2) ? "" : AText();
    record.enabled = !Chance(4);
    record.revision = Pick(100);
    return record;
  }

  AuthorizationRecord AnAuthorization() {
    const auto kind = static_cast<GrantKind>(1 + Pick(3));
    AuthorizationRecord record = SampleGrant(AnAccount(), 0, ASubject(), kind);
    record.id = AnId();
    if (kind == GrantKind::kCapability) record.capability_key = AText();
    if (Chance(3)) record.resource_type = AText();
    if (Chance(3)) record.resource_id = AnId();
    if (Chance(5)) record.revoked_at = ATime();
    return record;
  }

  AuditEventRecord AnEvent() {
    AuditEventRecord record = SampleAuditEvent(AnAccount(), Pick(30));
    record.at = ATime();
    record.actor = AText();
    record.resource_id = Chance(2) ? "" : AText();
    record.details = AText();
    return record;
  }

  ServiceAccountQuery AServiceAccountQuery() {
    ServiceAccountQuery query;
    query.account_id = AnAccount();
    query.order = static_cast<ServiceAccountOrder>(Pick(3));
    query.descending = Chance(2);
    query.limit = 1 + Pick(6);
    query.scan_limit = 1 + Pick(12);
    if (Chance(2)) {
      query.after = ServiceAccountPosition{AnId(), AText(), PerhapsATime()};
    }
    query.filter.now = ATime();
    query.filter.include_revoked = Chance(2);
    if (Chance(4)) query.filter.name_prefix = AText();
    if (Chance(4)) {
      query.filter.state = static_cast<ServiceAccountState>(Pick(4));
    }
    if (Chance(4)) query.filter.expires_before = ATime();
    if (Chance(4)) query.filter.unused_since = ATime();
    return query;
  }

  AuthorizationQuery AnAuthorizationQuery() {
    AuthorizationQuery query;
    query.account_id = AnAccount();
    query.limit = 1 + Pick(6);
    query.scan_limit = 1 + Pick(12);
    query.include_revoked = Chance(2);
    if (Chance(2)) query.after = AnId();
    if (Chance(4)) query.subject_type = ASubject().type;
    if (Chance(4)) query.subject_id = ASubject().id;
    if (Chance(4)) query.grant_kind = static_cast<GrantKind>(1 + Pick(3));
    if (Chance(4)) query.capability_key = AText();
    return query;
  }

  AuditQuery AnAuditQuery() {
    AuditQuery query;
    query.account_id = AnAccount();
    query.limit = 1 + Pick(6);
    query.scan_limit = 1 + Pick(12);
    query.descending = Chance(2);
    if (Chance(2)) query.after = Pick(32);
    if (Chance(4)) query.actor = AText();
    if (Chance(4)) query.resource_id = AText();
    if (Chance(4)) query.from = ATime();
    if (Chance(4)) query.until = ATime();
    return query;
  }

  // One change with random arguments; the same on any transaction.
  std::function<absl::Status(WriteTxn&)> AChange();
  // Asks both stores the same things.
  void CompareAnswers();
  template <typename Look>
  void CompareAnswer(const char* what, Look look);

  TempDir directory_;
  MemoryStore model_;
  std::unique_ptr<Store> subject_;
  std::mt19937 random_;
};

std::function<absl::Status(WriteTxn&)> StoreModelTest::AChange() {
  const ServiceAccountRecord account = AServiceAccount();
  const absl::Time now = ATime();
  const absl::Time later = ATime();
  const Uuid account_id = AnAccount();
  const Uuid id = AnId();
  const int limit = static_cast<int>(Pick(4));
  switch (Pick(18)) {
    case 0:
      return [=](WriteTxn& txn) { return txn.EnsureAccount(account_id, now); };
    case 1:
    case 2:
    case 3:
    case 4:
      return [=](WriteTxn& txn) { return txn.InsertServiceAccount(account); };
    case 5:
    case 6:
      return [=](WriteTxn& txn) { return txn.UpdateServiceAccount(account); };
    case 7:
    case 8:
      return
          [=](WriteTxn& txn) { return txn.ReplaceToken(account, now, later); };
    case 9:
      return [=, public_id = APublicId()](WriteTxn& txn) {
        return txn.RetireToken(public_id, now);
      };
    case 10: {
      std::vector<LastUse> uses;
      for (int i = 0; i < 5; ++i)
        uses.push_back({AnAccount(), AnId(), ATime()});
      return [=](WriteTxn& txn) { return txn.TouchLastUsed(uses); };
    }
    case 11:
      return [=](WriteTxn& txn) {
        return txn.DeleteServiceAccount(account_id, id);
      };
    case 12:
      return [record = AnAuthorization()](WriteTxn& txn) {
        return txn.InsertAuthorization(record);
      };
    case 13:
      return [=](WriteTxn& txn) {
        return txn.RevokeAuthorization(account_id, id, now);
      };
    case 14:
      return [record = AnEvent()](WriteTxn& txn) {
        return txn.InsertAuditEvent(record);
      };
    case 15: {
      AuditChainRecord chain;
      chain.account_id = account_id;
      chain.first_sequence = 1 + Pick(5);
      chain.last_sequence = Pick(9);
      chain.mac.fill(static_cast<uint8_t>(Pick(256)));
      return [=, sequence = Pick(30)](WriteTxn& txn) {
        absl::Status status = txn.PutAuditChain(chain);
        if (!status.ok() || sequence % 4 != 0) return status;
        return txn.DeleteAuditEventsBefore(chain.account_id, sequence);
      };
    }
    case 16: {
      ReplayRecord replay = SampleReplay(Pick(20));
      replay.created_at = now;
      return [=](WriteTxn& txn) { return txn.InsertReplay(replay); };
    }
    default:
      return [=, name = AText()](WriteTxn& txn) {
        const absl::StatusOr<int> deleted = txn.DeleteReplaysBefore(now, limit);
        if (!deleted.ok()) return deleted.status();
        return txn.SetWatermark(name, later + absl::Seconds(*deleted));
      };
  }
}

template <typename Look>
void StoreModelTest::CompareAnswer(const char* what, Look look) {
  using Answer = decltype(look(std::declval<ReadTxn&>()));
  std::vector<Answer> answers;
  for (Store* store : {static_cast<Store*>(&model_), subject_.get()}) {
    ASSERT_THAT(ReadAndWait(*store,
                            [&](ReadTxn& txn) {
                              answers.push_back(look(txn));
                              return absl::OkStatus();
                            }),
                IsOk());
  }
  ASSERT_EQ(answers[0].status().code(), answers[1].status().code()) << what;
  if (answers[0].ok()) {
    ASSERT_TRUE(*answers[0] == *answers[1]) << what;
  }
}

// A page as a value that can be compared.
template <typename Page>
auto Comparable(absl::StatusOr<Page> page) -> absl::StatusOr<
    std::pair<decltype(page->records), decltype(page->next)>> {
  if (!page.ok()) return page.status();
  return std::pair(page->records, page->next);
}

void StoreModelTest::CompareAnswers() {
  const Uuid account_id = AnAccount();
  const Uuid id = AnId();
  const std::string text = AText();
  const std::string public_id = APublicId();
  const absl::Time from = ATime();
  const absl::Time until = ATime();
  const Subject subjects[] = {ASubject(), ASubject()};
  const std::array<uint8_t, 32> lookup = SampleReplay(Pick(20)).lookup;
  const int limit = static_cast<int>(Pick(5));
  const auto service_accounts = AServiceAccountQuery();
  const auto authorizations = AnAuthorizationQuery();
  const auto events = AnAuditQuery();
  CompareAnswer("IsEmpty", [](ReadTxn& txn) { return txn.IsEmpty(); });
  CompareAnswer("HasAccount",
                [&](ReadTxn& txn) { return txn.HasAccount(account_id); });
  CompareAnswer("GetServiceAccount", [&](ReadTxn& txn) {
    return txn.GetServiceAccount(account_id, id);
  });
  CompareAnswer("FindToken",
                [&](ReadTxn& txn) { return txn.FindToken(public_id); });
  CompareAnswer("ListServiceAccounts", [&](ReadTxn& txn) {
    return Comparable(txn.ListServiceAccounts(service_accounts));
  });
  // Which of equals come first is open, so there is no limit that cuts.
  CompareAnswer("ListExpiring", [&](ReadTxn& txn) {
    auto expiring = txn.ListExpiring(from, until, 1000);
    if (expiring.ok()) {
      EXPECT_TRUE(std::is_sorted(
          expiring->begin(), expiring->end(), [](const auto& a, const auto& b) {
            return a.token.expires_at < b.token.expires_at;
          }));
      std::sort(expiring->begin(), expiring->end(), ById);
    }
    return expiring;
  });
  CompareAnswer("ListDead", [&](ReadTxn& txn) {
    auto dead = txn.ListDead(from, 1000);
    if (dead.ok()) std::sort(dead->begin(), dead->end(), ById);
    return dead;
  });
  CompareAnswer("limits", [&](ReadTxn& txn) -> absl::StatusOr<size_t> {
    return 100 * txn.ListExpiring(from, until, limit)->size() +
           txn.ListDead(from, limit)->size();
  });
  CompareAnswer("ListHeldAuthorizations", [&](ReadTxn& txn) {
    return txn.ListHeldAuthorizations(subjects, account_id);
  });
  CompareAnswer("GetAuthorization", [&](ReadTxn& txn) {
    return txn.GetAuthorization(account_id, id);
  });
  CompareAnswer("ListAuthorizations", [&](ReadTxn& txn) {
    return Comparable(txn.ListAuthorizations(authorizations));
  });
  CompareAnswer("GetAuditChain",
                [&](ReadTxn& txn) { return txn.GetAuditChain(account_id); });
  CompareAnswer("ListAuditEvents", [&](ReadTxn& txn) {
    return Comparable(txn.ListAuditEvents(events));
  });
  CompareAnswer("ListAuditedAccounts", [&](ReadTxn& txn) {
    return txn.ListAuditedAccounts(
        limit == 0 ? std::nullopt : std::optional(account_id), limit + 1);
  });
  CompareAnswer("FindReplay",
                [&](ReadTxn& txn) { return txn.FindReplay(lookup); });
  CompareAnswer("GetWatermark",
                [&](ReadTxn& txn) { return txn.GetWatermark(text); });
}

TEST_F(StoreModelTest, SqliteAnswersAsMemoryDoes) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  random_.seed(seed);
  const absl::Time start = absl::Now();
  std::map<absl::StatusCode, int> outcomes;
  for (int round = 0; round < kRounds; ++round) {
    if (absl::Now() - start > kTimeLimit) break;
    SCOPED_TRACE(round);
    std::vector<std::function<absl::Status(WriteTxn&)>> changes;
    do {
      changes.push_back(AChange());
    } while (Chance(2));
    const bool give_up = Chance(8);
    const auto body = [&](WriteTxn& txn) {
      for (const auto& change : changes) {
        if (absl::Status s = change(txn); !s.ok()) return s;
      }
      return give_up ? absl::CancelledError("") : absl::OkStatus();
    };
    const absl::Status expected = WriteAndWait(model_, body);
    ASSERT_EQ(WriteAndWait(*subject_, body).code(), expected.code());
    ++outcomes[expected.code()];
    CompareAnswers();
    if (HasFatalFailure()) return;
    if (Chance(500)) Reopen();
  }
  for (const absl::StatusCode code :
       {absl::StatusCode::kOk, absl::StatusCode::kNotFound,
        absl::StatusCode::kAlreadyExists, absl::StatusCode::kInternal,
        absl::StatusCode::kFailedPrecondition, absl::StatusCode::kCancelled}) {
    EXPECT_GT(outcomes[code], 0) << code;
  }
}

}  // namespace
}  // namespace signet
