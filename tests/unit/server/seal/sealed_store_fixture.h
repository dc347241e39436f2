// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_SEAL_SEALED_STORE_FIXTURE_H_
#define SIGNET_TESTS_UNIT_SERVER_SEAL_SEALED_STORE_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/seal/seal.h"
#include "server/seal/sealed_store.h"
#include "storage/forwarding.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"

namespace signet::seal {

// A sealed store, and one who has the engine below it but not the key.
class SealedStoreTest : public testing::Test {
 protected:
  const Uuid kAccount = SampleId(1);
  const Uuid kId = SampleId(2);
  const storage::Subject kSubject = {storage::SubjectType::kServiceAccount,
                                     kId.ToString()};

  SealedStoreTest() {
    Write([this](storage::WriteTxn& txn) {
      absl::Status status = txn.EnsureAccount(kAccount, SampleTime());
      status.Update(
          txn.InsertServiceAccount(SampleServiceAccount(kAccount, 2)));
      status.Update(
          txn.InsertServiceAccount(SampleServiceAccount(kAccount, 3)));
      status.Update(
          txn.InsertAuthorization(SampleCapability(kAccount, 101, kSubject)));
      return status;
    });
  }

  void Write(storage::Store::WriteBody body) {
    EXPECT_THAT(storage::WriteAndWait(store_, std::move(body)), IsOk());
  }
  // As with an editor of the database.
  void Tamper(storage::Store::WriteBody body) {
    EXPECT_THAT(storage::WriteAndWait(engine_, std::move(body)), IsOk());
  }
  void TamperAccount(
      const std::function<void(storage::ServiceAccountRecord&)>& edit) {
    Tamper([&](storage::WriteTxn& txn) {
      storage::ServiceAccountRecord record =
          *txn.GetServiceAccount(kAccount, kId);
      edit(record);
      return txn.UpdateServiceAccount(record);
    });
  }

  // Another row of the same id, under an account that is looked at before.
  void AddDecoy() {
    Tamper([this](storage::WriteTxn& txn) {
      absl::Status status = txn.EnsureAccount(SampleId(0), SampleTime());
      storage::ServiceAccountRecord decoy =
          SampleServiceAccount(SampleId(0), 4);
      decoy.id = kId;
      status.Update(txn.InsertServiceAccount(decoy));
      return status;
    });
  }

  template <typename T>
  absl::StatusOr<T> In(
      storage::Store& store,
      const std::function<absl::StatusOr<T>(storage::ReadTxn&)>& ask) {
    absl::StatusOr<T> answer = absl::UnknownError("not run");
    const absl::Status status =
        storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
          answer = ask(txn);
          return absl::OkStatus();
        });
    EXPECT_THAT(status, IsOk());
    return answer;
  }
  absl::StatusOr<storage::TokenOwner> Find(uint32_t number,
                                           storage::Store* store = nullptr) {
    return In<storage::TokenOwner>(
        store == nullptr ? store_ : *store, [&](storage::ReadTxn& txn) {
          return txn.FindToken(SamplePublicId(number));
        });
  }
  absl::StatusOr<storage::ServiceAccountRecord> Get() {
    return In<storage::ServiceAccountRecord>(
        store_, [&](storage::ReadTxn& txn) {
          return txn.GetServiceAccount(kAccount, kId);
        });
  }
  std::vector<storage::AuthorizationRecord> Held() {
    return *In<std::vector<storage::AuthorizationRecord>>(
        store_, [&](storage::ReadTxn& txn) {
          return txn.ListHeldAuthorizations({&kSubject, 1}, kAccount);
        });
  }
  std::vector<storage::ServiceAccountRecord> Listed() {
    storage::ServiceAccountQuery query;
    query.account_id = kAccount;
    query.filter.include_revoked = true;
    query.limit = query.scan_limit = 100;
    return In<storage::ServiceAccountPage>(
               store_,
               [&](storage::ReadTxn& txn) {
                 return txn.ListServiceAccounts(query);
               })
        ->records;
  }
  bool AllVerify() {
    const auto found = Find(2, &engine_);
    return IsSealed(*keyring_, *found);
  }

  FaultyStore engine_;
  FakeClock clock_;
  RecordingLogger logger_;
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  std::vector<storage::TokenChanges> told_;
  SealedStore store_{std::make_unique<storage::ForwardingStore>(&engine_),
                     keyring_.get(),
                     /*issuer=*/"",
                     &clock_,
                     &logger_,
                     [this](const storage::TokenChanges& changes) {
                       told_.push_back(changes);
                     }};
};

}  // namespace signet::seal

#endif  // SIGNET_TESTS_UNIT_SERVER_SEAL_SEALED_STORE_FIXTURE_H_
