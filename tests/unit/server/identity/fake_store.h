// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_IDENTITY_FAKE_STORE_H_
#define SIGNET_TESTS_UNIT_SERVER_IDENTITY_FAKE_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/memory/memory_txn.h"
#include "storage/store.h"

namespace signet::identity {

// A store of service accounts that can be looked up by their tokens, and can be
// told to fail. For one thread.
class FakeStore final : public storage::Store {
 public:
  void Add(storage::ServiceAccountRecord record) {
    Add(storage::TokenOwner{record.token, std::move(record)});
  }
  void Add(storage::TokenOwner record) {
    records_[record.token.public_id] = std::move(record);
  }

  void Remove(const std::string& public_id) { records_.erase(public_id); }

  int reads() const { return reads_; }
  int hits() const { return hits_; }          // Lookups that found a record.
  int misses() const { return misses_; }      // And those that found none.
  int listings() const { return listings_; }  // Of what somebody was granted.

  absl::Status read_status;    // What Read ends with, unless OK.
  absl::Status lookup_status;  // What a lookup ends with, unless OK.
  int runs_per_read = 1;       // As engines that must retry a body do.

  void Read(ReadBody body, Done done, storage::ReadOptions = {}) override {
    ++reads_;
    if (!read_status.ok()) {
      std::move(done)(read_status);
      return;
    }
    Txn txn(*this);
    absl::Status status;
    for (int i = 0; i < runs_per_read; ++i) status = body(txn);
    std::move(done)(std::move(status));
  }

  void Write(WriteBody, Done done, storage::WriteOptions = {}) override {
    std::move(done)(absl::UnimplementedError("this store is only read"));
  }
  void Subscribe(std::optional<uint64_t>, storage::ChangeSink) override {}
  absl::StatusOr<std::unique_ptr<storage::StoreLock>> TryLock(
      std::string_view) override {
    return absl::UnimplementedError("this store is only read");
  }
  storage::StoreHealth Health() const override { return {}; }
  void Drain() override {}

 private:
  class Txn final : public memory::MemoryReadTxn {
   public:
    explicit Txn(FakeStore& store)
        : MemoryReadTxn(store.nothing_), store_(store) {}

    absl::StatusOr<storage::TokenOwner> FindToken(
        std::string_view public_id) override {
      if (!store_.lookup_status.ok()) return store_.lookup_status;
      const auto found = store_.records_.find(std::string(public_id));
      if (found == store_.records_.end()) {
        ++store_.misses_;
        return absl::NotFoundError("none");
      }
      ++store_.hits_;
      return found->second;
    }

    // Nobody was granted anything.
    absl::StatusOr<std::vector<storage::AuthorizationRecord>>
    ListHeldAuthorizations(std::span<const storage::Subject>,
                           const Uuid&) override {
      ++store_.listings_;
      return std::vector<storage::AuthorizationRecord>();
    }

   private:
    FakeStore& store_;
  };

  const memory::MemoryTables nothing_ = {};
  std::map<std::string, storage::TokenOwner> records_;  // By public id.
  int reads_ = 0;
  int hits_ = 0;
  int misses_ = 0;
  int listings_ = 0;
};

}  // namespace signet::identity

#endif  // SIGNET_TESTS_UNIT_SERVER_IDENTITY_FAKE_STORE_H_
