// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEAL_SEALED_STORE_H_
#define SIGNET_SERVER_SEAL_SEALED_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/throttle.h"
#include "crypto/mac_keyring.h"
#include "storage/changes.h"
#include "storage/forwarding.h"
#include "storage/store.h"

namespace signet::seal {

// A store that seals what is written and verifies what is read (seal.h), so
// that nobody who writes can forget it: anyone who can change the database, but
// has not the key, becomes nobody by it. Thread-safe.
//
// What comes out of it verifies, all of it but what ListTokens gives, for who
// verifies that himself, and CountHeldAuthorizations, which counts the others
// too. A row that does not is as if it were not there: no token is found by it,
// no listing shows it, nobody holds what it grants, and it is no ownership. It
// is an error,
//   FAILED_PRECONDITION / RECORD_ALTERED,
// where it is asked for by its ids or changed, and where something is allowed
// because there is no such row: among all the grants of a subject (ListGrantsOf
// without a kind) and the tokens of a service account (ListTokensInUse). So no
// change is made on the ground of it, nothing that was read unverified is ever
// written back with a seal, and SealAuthorization is INTERNAL. It is counted,
// logged, and found by the offline check (seal_check.h).
//
// It also binds users and groups to their issuer, as another may use the same
// names: a grant to one of them is recorded with the issuer it was made under.
// Under another one nobody holds it and it is no ownership; who asks for it by
// its id or lists the account's authorizations still sees it, and can revoke
// it. A grant recorded without an issuer, as before there was this rule, counts
// as the present one's.
class SealedStore final : public storage::ForwardingStore {
 public:
  // Told of service accounts whose rows do not verify, as a subscriber is of
  // those that changed, so that anyone who remembers them asks again.
  using OnAltered =
      absl::AnyInvocable<void(const storage::TokenChanges&) const>;

  // Borrows all but the store. `issuer` is whose users and groups authenticate,
  // empty where none do. `on_altered` may be null; it is called until Drain()
  // has returned.
  SealedStore(std::unique_ptr<storage::Store> store,
              const crypto::MacKeyring* keyring, std::string issuer,
              const Clock* clock, Logger* logger,
              OnAltered on_altered = nullptr)
      : ForwardingStore(store.get()),
        store_(std::move(store)),
        keyring_(keyring),
        issuer_(std::move(issuer)),
        clock_(clock),
        logger_(logger),
        on_altered_(std::move(on_altered)) {}

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override;
  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override;

  // How often a row was read that does not verify.
  uint64_t altered_rows() const { return altered_rows_.load(); }

 private:
  // What one transaction found.
  struct Findings;
  template <typename Forwarding>
  class Reads;
  class Writes;

  void Note(std::string_view row, std::string_view public_id);
  void Tell(const Findings& findings) const;

  const std::unique_ptr<storage::Store> store_;
  const crypto::MacKeyring* const keyring_;
  const std::string issuer_;
  const Clock* const clock_;
  Logger* const logger_;
  const OnAltered on_altered_;
  std::atomic<uint64_t> altered_rows_ = 0;
  Throttle throttle_;
};

}  // namespace signet::seal

#endif  // SIGNET_SERVER_SEAL_SEALED_STORE_H_
