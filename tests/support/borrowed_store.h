// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_BORROWED_STORE_H_
#define SIGNET_TESTS_SUPPORT_BORROWED_STORE_H_

#include <utility>

#include "storage/store.h"

namespace signet {

// Passes everything on to a store that a test keeps its hands on, for who wants
// to own one. Thread-safe.
class BorrowedStore final : public storage::Store {
 public:
  explicit BorrowedStore(storage::Store* store) : store_(store) {}

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override {
    store_->Read(std::move(body), std::move(done), std::move(options));
  }
  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override {
    store_->Write(std::move(body), std::move(done), std::move(options));
  }
  absl::Status Health() const override { return store_->Health(); }
  void Drain() override { store_->Drain(); }

 private:
  storage::Store* const store_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_BORROWED_STORE_H_
