// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_CHANGES_H_
#define SIGNET_STORAGE_CHANGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/uuid.h"

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

// What a store tells its subscribers.
struct ChangeNotice {
  // In the order of a store's notices, from 1 on; of an engine in this process
  // anew with each store, so that no position outlives it.
  uint64_t position = 0;
  // Whether anything may have changed, because changes were missed. The
  // subscriber forgets all that it remembers; `changes` is empty.
  bool everything = false;
  const TokenChanges& changes;
};

// Must neither block nor call the store's Subscribe(). Thread-safe.
using ChangeSink = absl::AnyInvocable<void(const ChangeNotice&) const>;

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_CHANGES_H_
