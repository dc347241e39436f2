// SPDX-License-Identifier: Apache-2.0
//
// Random use of the whole interface, by the memory engine and by SQLite: both
// must answer the same. The SQLite store is opened anew now and then.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "storage/memory/memory_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/conformance/random_use.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::storage {
namespace {

constexpr int kRounds = 3000;
constexpr absl::Duration kTimeLimit = absl::Seconds(3);

bool ById(const ServiceAccountRecord& a, const ServiceAccountRecord& b) {
  return std::tie(a.account_id, a.id) < std::tie(b.account_id, b.id);
}

class StoreModelTest : public testing::Test, protected RandomUse {
 protected:
  StoreModelTest() { Reopen(); }

  void Reopen() {
    subject_.reset();
    auto store = sqlite::SqliteStore::Open({.directory = directory_.path()});
    EXPECT_THAT(store, IsOk());
    subject_ = *std::move(store);
  }

  // Asks both stores the same things.
  void CompareAnswers();
  template <typename Look>
  void CompareAnswer(const char* what, Look look);

  TempDir directory_;
  memory::MemoryStore model_;
  std::unique_ptr<Store> subject_;
};

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
  const std::array<uint8_t, 32> lookup = ALookup();
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
  CompareAnswer("FindServiceAccounts",
                [&](ReadTxn& txn) { return txn.FindServiceAccounts(id); });
  CompareAnswer("FindToken",
                [&](ReadTxn& txn) { return txn.FindToken(public_id); });
  CompareAnswer("ListTokensInUse", [&](ReadTxn& txn) {
    return txn.ListTokensInUse(account_id, id);
  });
  CompareAnswer("ListTokens", [&](ReadTxn& txn) {
    return txn.ListTokens(limit == 4 ? "" : public_id, limit);
  });
  CompareAnswer("ListAccounts", [&](ReadTxn& txn) {
    return txn.ListAccounts(
        limit == 0 ? std::nullopt : std::optional(account_id), limit);
  });
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
  CompareAnswer("ListGrantsOf", [&](ReadTxn& txn) {
    return txn.ListGrantsOf(subjects[0],
                            {.kind = authorizations.grant_kind,
                             .capability_prefix = limit < 2 ? "" : "auth."},
                            1000);
  });
  CompareAnswer("ListOwners", [&](ReadTxn& txn) {
    return txn.ListOwners(account_id, limit);
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
  CompareAnswer("ListAuditHeads",
                [](ReadTxn& txn) { return txn.ListAuditHeads(); });
  CompareAnswer("FindIdempotencyRecord", [&](ReadTxn& txn) {
    return txn.FindIdempotencyRecord(lookup);
  });
  CompareAnswer("GetWatermark",
                [&](ReadTxn& txn) { return txn.GetWatermark(text); });
}

TEST_F(StoreModelTest, SqliteAnswersAsMemoryDoes) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  random_.seed(seed);
  const absl::Time start = absl::Now();
  std::map<absl::StatusCode, int> outcomes;
  for (int round = 0; round < kRounds; ++round) {
    if (absl::Now() - start > kTimeLimit) break;
    SCOPED_TRACE(round);
    const auto body = ABody();
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
}  // namespace signet::storage
