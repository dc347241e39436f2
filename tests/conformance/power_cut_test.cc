// SPDX-License-Identifier: Apache-2.0
//
// Random use of an SQLite store whose power is cut at random points, compared
// with the memory engine: what was acknowledged is there, and the write under
// way wholly or not at all.
#include <filesystem>
#include <fstream>
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
#include "tests/support/power_cut_vfs.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::storage {
namespace {

constexpr absl::Duration kPowerCutTime = absl::Seconds(3);

// All that a store of RandomUse's few values holds.
using Content = std::tuple<
    std::map<std::string, TokenOwner>, std::map<std::string, absl::Time>,
    std::vector<IdempotencyRecord>, std::vector<ServiceAccountRecord>,
    std::vector<AuthorizationRecord>, std::vector<AuditEventRecord>,
    std::vector<AuditChainRecord>, std::vector<bool>>;

template <typename T>
void Append(const std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

absl::Status ReadContent(ReadTxn& txn, Content& content) {
  content = Content();
  auto& [tokens, watermarks, idempotency_records, service_accounts, grants,
         events, chains, accounts] = content;
  for (const std::string& public_id : RandomUse::PublicIds()) {
    auto found = txn.FindToken(public_id);
    if (found.ok()) tokens.emplace(public_id, *std::move(found));
  }
  for (const std::string& text : RandomUse::Texts()) {
    const auto found = txn.GetWatermark(text);
    if (found.ok()) watermarks.emplace(text, *found);
  }
  for (const auto& lookup : RandomUse::Lookups()) {
    auto found = txn.FindIdempotencyRecord(lookup);
    if (found.ok()) idempotency_records.push_back(*std::move(found));
  }
  for (const Uuid& account : RandomUse::Accounts()) {
    accounts.push_back(txn.HasAccount(account).value_or(false));
    ServiceAccountQuery service_accounts_query;
    service_accounts_query.account_id = account;
    service_accounts_query.filter.include_revoked = true;
    AuthorizationQuery grants_query;
    grants_query.account_id = account;
    grants_query.include_revoked = true;
    AuditQuery events_query;
    events_query.account_id = account;
    for (auto* limit :
         {&service_accounts_query.limit, &service_accounts_query.scan_limit,
          &grants_query.limit, &grants_query.scan_limit, &events_query.limit,
          &events_query.scan_limit}) {
      *limit = 10'000;
    }
    const auto some_accounts = txn.ListServiceAccounts(service_accounts_query);
    const auto some_grants = txn.ListAuthorizations(grants_query);
    const auto some_events = txn.ListAuditEvents(events_query);
    for (const absl::Status& status :
         {some_accounts.status(), some_grants.status(), some_events.status()}) {
      if (!status.ok()) return status;
    }
    Append(some_accounts->records, service_accounts);
    Append(some_grants->records, grants);
    Append(some_events->records, events);
    const auto chain = txn.GetAuditChain(account);
    if (chain.ok()) chains.push_back(*chain);
  }
  return absl::OkStatus();
}

Content ContentOf(Store& store) {
  Content content;
  EXPECT_THAT(
      ReadAndWait(store,
                  [&](ReadTxn& txn) { return ReadContent(txn, content); }),
      IsOk());
  return content;
}

class PowerCutTest : public testing::Test, protected RandomUse {
 protected:
  // Opens what a disk holds, in a directory of its own.
  void Open(const PowerCutVfs::Disk& disk) {
    subject_.reset();
    vfs_ = std::make_unique<PowerCutVfs>();
    directory_ = std::make_unique<TempDir>();
    for (const auto& [path, content] : disk) {
      std::ofstream(
          directory_->File(std::filesystem::path(path).filename().string()),
          std::ios::binary)
          << content;
    }
    auto store = sqlite::SqliteStore::Open({.directory = directory_->path(),
                                            .read_connections = 1,
                                            .checkpoint_after_pages = 20,
                                            // Each round copies the disk.
                                            .most_spare_bytes = 64 * 1024,
                                            .vfs = vfs_->name()});
    ASSERT_THAT(store, IsOk());
    subject_ = *std::move(store);
  }

  std::unique_ptr<PowerCutVfs> vfs_;
  memory::MemoryStore model_;
  std::unique_ptr<TempDir> directory_;
  std::unique_ptr<Store> subject_;
};

TEST_F(PowerCutTest, WhatWasAcknowledgedIsThereAndNothingIsHalfDone) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  random_.seed(seed);
  Open({});
  const absl::Time start = absl::Now();
  int early = 0, kept = 0, lost = 0;
  for (int round = 0; absl::Now() - start < kPowerCutTime; ++round) {
    SCOPED_TRACE(round);
    for (uint32_t quiet = Pick(20); quiet > 0; --quiet) {
      const auto body = ABody();
      ASSERT_EQ(WriteAndWait(*subject_, body).code(),
                WriteAndWait(model_, body).code());
    }
    const Content before = ContentOf(model_);
    const auto body = ABody();
    vfs_->CutAfter(static_cast<int>(Pick(16)), random_());
    const absl::Status answer = WriteAndWait(*subject_, body);
    const auto [disk, cut] = vfs_->Take();
    Open(disk);
    if (HasFatalFailure()) return;
    const Content left = ContentOf(*subject_);
    early += cut ? 1 : 0;
    if (cut && left == before) {
      lost += answer.ok() ? 1 : 0;
      continue;  // Nobody had been answered.
    }
    kept += answer.ok() ? 1 : 0;
    ASSERT_EQ(WriteAndWait(model_, body).code(), answer.code());
    ASSERT_TRUE(left == ContentOf(model_)) << (cut ? "cut" : "acknowledged");
  }
  RecordProperty("cuts_under_way", early);
  EXPECT_GT(early, 0);
  EXPECT_GT(kept, 0);
  EXPECT_GT(lost, 0);
}

}  // namespace
}  // namespace signet::storage
