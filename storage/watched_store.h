// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_WATCHED_STORE_H_
#define SIGNET_STORAGE_WATCHED_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/uuid.h"
#include "storage/store.h"

namespace signet::storage {

// What a write changed of all that decides whether a token is good, and for
// what.
struct TokenChanges {
  struct ServiceAccount {
    // Nil where it is not known: something was granted or revoked on an account
    // that is not its own.
    Uuid account_id;
    Uuid id;

    friend bool operator==(const ServiceAccount&,
                           const ServiceAccount&) = default;
  };

  // Whose record, tokens or authorizations changed. May name one twice.
  std::vector<ServiceAccount> service_accounts;
  // Of tokens that came into being.
  std::vector<std::string> new_public_ids;

  bool empty() const {
    return service_accounts.empty() && new_public_ids.empty();
  }
  friend bool operator==(const TokenChanges&, const TokenChanges&) = default;
};

// A store that tells of what its writes change, so that nobody who writes has
// to think of those who remember. Thread-safe.
class WatchedStore final : public Store {
 public:
  // Called on the engine's thread after a write was committed and before its
  // `done`; so by the time a change is acknowledged everybody knows of it. Also
  // where the outcome is unknown, or the write failed after all. Must not
  // block. Thread-safe.
  using OnChange = absl::AnyInvocable<void(const TokenChanges&) const>;

  // `on_change` is called until Drain() has returned.
  WatchedStore(std::unique_ptr<Store> store, OnChange on_change)
      : store_(std::move(store)), on_change_(std::move(on_change)) {}

  void Read(ReadBody body, Done done, ReadOptions options = {}) override {
    store_->Read(std::move(body), std::move(done), std::move(options));
  }
  void Write(WriteBody body, Done done, WriteOptions options = {}) override;
  absl::Status Health() const override { return store_->Health(); }
  void Drain() override { store_->Drain(); }

 private:
  const std::unique_ptr<Store> store_;
  const OnChange on_change_;
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_WATCHED_STORE_H_
