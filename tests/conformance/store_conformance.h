// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_CONFORMANCE_STORE_CONFORMANCE_H_
#define SIGNET_TESTS_CONFORMANCE_STORE_CONFORMANCE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "storage/store.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::storage {

// An engine that must pass the suite. engines.cc lists them all.
struct Engine {
  const char* name;
  // Opens the store whose database is in `directory`, which is empty at first.
  std::unique_ptr<Store> (*open)(const std::string& directory);

  // What an engine may leave out. It has no other way out of a test.
  bool outlives_process = true;  // What was acknowledged is there for the next.
  bool shares_database = false;  // Several stores may have it open at once.
};

// What storage/store.h promises, tried on every engine.
class StoreConformance : public testing::TestWithParam<Engine> {
 protected:
  StoreConformance() : store_(GetParam().open(directory_.path())) {}

  Store& store() { return *store_; }

  // Closes the store and opens it anew.
  void Reopen() {
    store_.reset();
    store_ = OpenAnother();
  }
  // One more on the same database.
  std::unique_ptr<Store> OpenAnother() {
    return GetParam().open(directory_.path());
  }

  absl::Status Write(Store::WriteBody body) {
    return WriteAndWait(*store_, std::move(body));
  }
  absl::Status Read(Store::ReadBody body) {
    return ReadAndWait(*store_, std::move(body));
  }

  // One transaction each.
  absl::Status EnsureAccount(const Uuid& account_id);
  absl::Status Insert(const ServiceAccountRecord& record);
  absl::Status Insert(const AuthorizationRecord& record);
  absl::StatusOr<ServiceAccountRecord> Get(const Uuid& account_id,
                                           const Uuid& id);
  absl::StatusOr<ServiceAccountRecord> Find(std::string_view public_id);
  absl::StatusOr<std::vector<AuthorizationRecord>> Held(
      std::vector<Subject> subjects, const Uuid& account_id);
  absl::StatusOr<bool> IsEmpty();

  // What `look` takes out of a transaction of its own; a StatusOr.
  template <typename Look>
  auto Ask(Look look) {
    using Answer = decltype(look(std::declval<ReadTxn&>()));
    Answer answer = absl::UnknownError("the body did not run");
    const absl::Status status = Read([&](ReadTxn& txn) {
      answer = look(txn);
      return answer.status();
    });
    return status.ok() ? answer : Answer(status);
  }
  absl::StatusOr<TokenOwner> FindOwner(std::string_view public_id) {
    return Ask([&](ReadTxn& txn) { return txn.FindToken(public_id); });
  }
  absl::StatusOr<ServiceAccountPage> List(const ServiceAccountQuery& query) {
    return Ask([&](ReadTxn& txn) { return txn.ListServiceAccounts(query); });
  }
  absl::StatusOr<AuthorizationPage> List(const AuthorizationQuery& query) {
    return Ask([&](ReadTxn& txn) { return txn.ListAuthorizations(query); });
  }
  absl::StatusOr<AuditPage> List(const AuditQuery& query) {
    return Ask([&](ReadTxn& txn) { return txn.ListAuditEvents(query); });
  }
  absl::Status Update(const ServiceAccountRecord& record) {
    return Write(
        [&](WriteTxn& txn) { return txn.UpdateServiceAccount(record); });
  }
  // The token before retires then.
  absl::Status Replace(const ServiceAccountRecord& record,
                       absl::Time retires_at) {
    return Write(
        [&](WriteTxn& txn) { return ReplaceIn(txn, record, retires_at); });
  }
  absl::Status UpdateToken(const ServiceAccountRecord& owner,
                           const TokenRecord& token) {
    return Write([&](WriteTxn& txn) {
      return txn.UpdateToken(owner.account_id, owner.id, token);
    });
  }
  absl::StatusOr<std::vector<TokenRecord>> InUse(
      const ServiceAccountRecord& owner) {
    return Ask([&](ReadTxn& txn) {
      return txn.ListTokensInUse(owner.account_id, owner.id);
    });
  }
  absl::Status Delete(const Uuid& account_id, const Uuid& id) {
    return Write([&](WriteTxn& txn) {
      return txn.DeleteServiceAccount(account_id, id);
    });
  }

  const Uuid account_ = SampleId(1);
  const Uuid other_account_ = SampleId(2);

 private:
  TempDir directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace signet::storage

#endif  // SIGNET_TESTS_CONFORMANCE_STORE_CONFORMANCE_H_
