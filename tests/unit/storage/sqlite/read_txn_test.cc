// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_txn.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/write_txn.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

const storage::Subject kUser = {storage::SubjectType::kUser, "someone"};
const Uuid kAccount = SampleId(1);

// What a look-up costs, in steps of SQLite's virtual machine, must not grow
// with what else is stored.
class LookUpCostTest : public testing::Test {
 protected:
  LookUpCostTest()
      : connection_(
            OpenDatabase({.connection = {.file = directory_.File("s.db"),
                                         .vfs = "",
                                         .busy_timeout = {}},
                          .check_time = absl::Seconds(60)},
                         SchemaMigrations())) {
    EXPECT_THAT(connection_, IsOk());
    absl::StatusOr<SqliteWriteTxn> txn = SqliteWriteTxn::Create(*connection_);
    EXPECT_THAT(txn, IsOk());
    txn_.emplace(*std::move(txn));
    Change([](storage::WriteTxn &txn) {
      absl::Status status = txn.EnsureAccount(kAccount, SampleTime());
      status.Update(
          txn.InsertServiceAccount(SampleServiceAccount(kAccount, 10)));
      status.Update(
          txn.InsertAuthorization(SampleCapability(kAccount, 10, kUser)));
      return status;
    });
  }

  void Change(storage::Store::WriteBody body) {
    storage::ChangeJournal journal;
    EXPECT_THAT(txn_->Run(body, journal), IsOk());
  }

  int Steps(const std::function<absl::Status(storage::WriteTxn &)> &look) {
    int steps = 0;
    sqlite3_progress_handler(
        connection_->handle(), /*nOps=*/1,
        [](void *count) {
          ++*static_cast<int *>(count);
          return 0;
        },
        &steps);
    EXPECT_THAT(look(*txn_), IsOk());
    sqlite3_progress_handler(connection_->handle(), 0, nullptr, nullptr);
    EXPECT_GT(steps, 0);
    return steps;
  }

  // Many other accounts, service accounts and authorizations of the same user.
  void StoreMuch() {
    ASSERT_THAT(connection_->Execute("BEGIN"), IsOk());
    Change([](storage::WriteTxn &txn) {
      absl::Status status;
      for (uint32_t i = 1000; i < 3000; ++i) {
        const Uuid account = SampleId(i);
        status.Update(txn.EnsureAccount(account, SampleTime()));
        status.Update(
            txn.InsertServiceAccount(SampleServiceAccount(account, i)));
        status.Update(txn.InsertServiceAccount(
            SampleServiceAccount(kAccount, 10000 + i)));
        status.Update(
            txn.InsertAuthorization(SampleCapability(account, i, kUser)));
      }
      return status;
    });
    ASSERT_THAT(connection_->Execute("COMMIT"), IsOk());
  }

  TempDir directory_;
  absl::StatusOr<SqliteConnection> connection_;
  std::optional<SqliteWriteTxn> txn_;
};

TEST_F(LookUpCostTest, DoesNotGrowWithWhatElseIsStored) {
  const std::function<absl::Status(storage::WriteTxn &)> looks[] = {
      [](storage::WriteTxn &txn) { return txn.IsEmpty().status(); },
      [](storage::WriteTxn &txn) {
        return txn.GetServiceAccount(kAccount, SampleId(10)).status();
      },
      [](storage::WriteTxn &txn) {
        return txn.FindToken(SamplePublicId(10)).status();
      },
      [](storage::WriteTxn &txn) {
        return txn.ListHeldAuthorizations({&kUser, 1}, kAccount).status();
      },
  };
  std::vector<int> few;
  for (const auto &look : looks) few.push_back(Steps(look));
  StoreMuch();
  for (size_t i = 0; i < few.size(); ++i) {
    // A step more tells that one row is not the last.
    EXPECT_LE(Steps(looks[i]), few[i] + 2) << i;
  }
}

// They are most of what a row costs, and no condition is about them.
TEST_F(LookUpCostTest, LabelsAreReadOnlyOfRowsOnThePage) {
  ASSERT_THAT(connection_->Execute("UPDATE service_accounts SET labels = '{'"),
              IsOk());
  storage::ServiceAccountQuery query;
  query.account_id = kAccount;
  query.limit = query.scan_limit = 10;
  query.filter.name_prefix = "nobody is called this";
  const auto none = txn_->ListServiceAccounts(query);
  ASSERT_THAT(none, IsOk());
  EXPECT_TRUE(none->records.empty());
  query.filter.name_prefix.clear();
  EXPECT_THAT(txn_->ListServiceAccounts(query),
              StatusIs(absl::StatusCode::kDataLoss));
}

// What is not read counts all the same.
TEST_F(LookUpCostTest, LabelsThatAreNotReadAreBytesLookedAt) {
  storage::ServiceAccountRecord other = SampleServiceAccount(kAccount, 11);
  other.labels = {{"note", std::string(5000, 'x')}};
  Change(
      [&](storage::WriteTxn &txn) { return txn.InsertServiceAccount(other); });
  storage::ServiceAccountQuery query;
  query.account_id = kAccount;
  query.limit = query.scan_limit = 10;
  query.filter.name_prefix = "nobody is called this";
  query.scan_byte_limit = 5000;
  const auto none = txn_->ListServiceAccounts(query);
  ASSERT_THAT(none, IsOk());
  EXPECT_TRUE(none->next.has_value());
}

}  // namespace
}  // namespace signet::sqlite
