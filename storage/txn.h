// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_TXN_H_
#define SIGNET_STORAGE_TXN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/changes.h"
#include "storage/queries.h"
#include "storage/records.h"

namespace signet::storage {

// A consistent snapshot. Valid only inside the body that receives it.
class ReadTxn {
 public:
  virtual ~ReadTxn() = default;

  // Whether no account exists, as on a first start.
  virtual absl::StatusOr<bool> IsEmpty() = 0;

  // NOT_FOUND: no such service account in that account.
  virtual absl::StatusOr<ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) = 0;

  // The service accounts of this id, in order of account id. This server gives
  // each its own, so that there is one, or none.
  virtual absl::StatusOr<std::vector<ServiceAccountRecord>> FindServiceAccounts(
      const Uuid& id) = 0;

  // The token with this public id, current or replaced, and whose it is;
  // revoked and expired ones included. NOT_FOUND: none.
  virtual absl::StatusOr<TokenOwner> FindToken(std::string_view public_id) = 0;

  // The service account's tokens that have not ended: the current one, then
  // replaced ones, expired and retired ones included, newest public id first.
  // Empty: no such service account.
  virtual absl::StatusOr<std::vector<TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id) = 0;

  virtual absl::StatusOr<ServiceAccountPage> ListServiceAccounts(
      const ServiceAccountQuery& query) = 0;

  // Service accounts of all accounts, neither revoked nor disabled, whose
  // current token expires in [from, until), of those at `from` the ones with a
  // public id behind `after`; at most `limit`, in order of expiry, then of
  // public id, byte by byte.
  virtual absl::StatusOr<std::vector<ServiceAccountRecord>> ListExpiring(
      absl::Time from, std::string_view after, absl::Time until, int limit) = 0;

  // Service accounts of all accounts that were revoked, or whose current token
  // expired, before `before`; at most `limit`, in no particular order.
  virtual absl::StatusOr<std::vector<ServiceAccountRecord>> ListDead(
      absl::Time before, int limit) = 0;

  // The unrevoked authorizations that any of `subjects` holds on `account_id`,
  // and their super_admin ones wherever granted. In order of id.
  virtual absl::StatusOr<std::vector<AuthorizationRecord>>
  ListHeldAuthorizations(std::span<const Subject> subjects,
                         const Uuid& account_id) = 0;

  // Of those, the ones that `filter` lets through. Reads few, however many the
  // subjects hold.
  virtual absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldFor(
      std::span<const Subject> subjects, const Uuid& account_id,
      const HeldFilter& filter) = 0;

  // How many unrevoked authorizations the subject holds on that account,
  // counted up to `limit`.
  virtual absl::StatusOr<int> CountHeldAuthorizations(const Subject& subject,
                                                      const Uuid& account_id,
                                                      int limit) = 0;

  // The unrevoked authorization that grants the same as `grant` does: all of it
  // is equal but the id, the times and the seal. NOT_FOUND: none.
  virtual absl::StatusOr<AuthorizationRecord> FindEqualAuthorization(
      const AuthorizationRecord& grant) = 0;

  // The unrevoked authorizations that name `subject`, on every account, and
  // that `filter` lets through; any `limit` of them at most, in order of id.
  // Reads few others, however many the subject holds on an account.
  virtual absl::StatusOr<std::vector<AuthorizationRecord>> ListGrantsOf(
      const Subject& subject, const GrantFilter& filter, int limit) = 0;

  // The unrevoked account_owner authorizations on the account; at most `limit`,
  // the newest first, in descending order of id.
  virtual absl::StatusOr<std::vector<AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit) = 0;

  // NOT_FOUND: no such authorization in that account.
  virtual absl::StatusOr<AuthorizationRecord> GetAuthorization(
      const Uuid& account_id, const Uuid& id) = 0;

  virtual absl::StatusOr<AuthorizationPage> ListAuthorizations(
      const AuthorizationQuery& query) = 0;

  // Up to `limit` tokens of all accounts, current and replaced ones, in order
  // of public id, byte by byte, behind `after`.
  virtual absl::StatusOr<std::vector<OwnedToken>> ListTokens(
      std::string_view after, int limit) = 0;

  // Up to `limit` accounts in order of id, behind `after` if given.
  virtual absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit) = 0;

  // Whether the account exists.
  virtual absl::StatusOr<bool> HasAccount(const Uuid& account_id) = 0;

  // NOT_FOUND: nothing was ever logged for the account.
  virtual absl::StatusOr<AuditChainRecord> GetAuditChain(
      const Uuid& account_id) = 0;

  virtual absl::StatusOr<AuditPage> ListAuditEvents(
      const AuditQuery& query) = 0;

  // Up to `limit` accounts that have an audit chain or an audit event, in order
  // of id, behind `after` if given.
  virtual absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>& after, int limit) = 0;

  // In order of writer.
  virtual absl::StatusOr<std::vector<AuditHeadRecord>> ListAuditHeads() = 0;

  // NOT_FOUND: none, or purged.
  virtual absl::StatusOr<IdempotencyRecord> FindIdempotencyRecord(
      const std::array<uint8_t, 32>& lookup) = 0;

  // How far a periodic task of this name has come.
  //   NOT_FOUND: never ran. FAILED_PRECONDITION: what is there is no time.
  virtual absl::StatusOr<absl::Time> GetWatermark(std::string_view name) = 0;
};

// What the changes of one transaction came to.
struct ChangeJournal {
  absl::Status failure;  // Of the first change that failed; OK: none has.
  TokenChanges changes;  // Of those tried, whether or not they failed.
};

// A transaction that may change rows. Reads see its own writes. Once a change
// has failed no other is made: the body can only give up, and one that returns
// OK all the same gets the status of that change.
//   INTERNAL: the record breaks a rule of records.h (CheckRecord).
//
// What holds for every engine is here, once: records are checked, no change
// follows a failed one, and what changes of tokens is noted. An engine
// implements the protected virtuals.
class WriteTxn : public ReadTxn {
 public:
  // Brings the account into being; no change if it exists.
  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now);

  // ALREADY_EXISTS: the account has this id, or any token this public id.
  // FAILED_PRECONDITION: the account does not exist.
  absl::Status InsertServiceAccount(const ServiceAccountRecord& record);

  // Replaces everything of the record that may change: all of it but the ids,
  // the creation, last_used_at, and of the token all but expires_at, not_before
  // and its seal. NOT_FOUND: no such service account.
  absl::Status UpdateServiceAccount(const ServiceAccountRecord& record);

  // Makes record.token, a new one, the current token and updates the rest as
  // UpdateServiceAccount does. The token it replaces must get its time of
  // retirement by UpdateToken in the same body.
  // NOT_FOUND: no such service account. ALREADY_EXISTS: the public id is taken.
  absl::Status ReplaceToken(const ServiceAccountRecord& record);

  // Replaces all that may change of a token of that service account:
  // expires_at, retires_at, not_before, ended and its seal.
  // NOT_FOUND: no such token of it. INTERNAL: see CheckUpdate() too.
  absl::Status UpdateToken(const Uuid& account_id,
                           const Uuid& service_account_id,
                           const TokenRecord& token);

  // Moves last_used_at forward, never back. Skips who is not there.
  absl::Status TouchLastUsed(std::span<const LastUse> uses);

  // Removes up to `limit` of the service account's tokens that were replaced,
  // whether or not they have ended, in order of public id; the number removed.
  absl::StatusOr<int> DeleteReplacedTokens(const Uuid& account_id,
                                           const Uuid& id, int limit);

  // Removes the service account and all its tokens, however many are left.
  // NOT_FOUND: not there.
  absl::Status DeleteServiceAccount(const Uuid& account_id, const Uuid& id);

  // ALREADY_EXISTS: the id is taken, or an unrevoked one grants the same to the
  // same subject on the account. FAILED_PRECONDITION: no such account.
  absl::Status InsertAuthorization(const AuthorizationRecord& record);

  // With the seal of what it is then. No change if it is revoked already.
  // NOT_FOUND: not in that account.
  absl::Status RevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                   absl::Time at, const Seal& seal);

  // Replaces its seal, and nothing else. NOT_FOUND: not in that account.
  absl::Status SealAuthorization(const Uuid& account_id, const Uuid& id,
                                 const Seal& seal);

  // ALREADY_EXISTS: the sequence number is taken. FAILED_PRECONDITION: no such
  // account.
  absl::Status InsertAuditEvent(const AuditEventRecord& record);

  // Inserts or replaces the account's. FAILED_PRECONDITION: no such account.
  absl::Status PutAuditChain(const AuditChainRecord& record);

  // Inserts or replaces the writer's.
  absl::Status PutAuditHead(const AuditHeadRecord& record);

  // Removes the account's events before that sequence number.
  absl::Status DeleteAuditEventsBefore(const Uuid& account_id,
                                       uint64_t sequence);

  // Inserts it, or replaces the one of that lookup.
  absl::Status PutIdempotencyRecord(const IdempotencyRecord& record);

  // Removes up to `limit` records that were made before `before`; the number
  // removed.
  absl::StatusOr<int> DeleteIdempotencyRecordsBefore(absl::Time before,
                                                     int limit);

  absl::Status SetWatermark(std::string_view name, absl::Time time);

 protected:
  WriteTxn() = default;

  // Runs `body` on this transaction. Returns its status, or that of a change of
  // its that failed, and leaves in `journal`, whatever that held, what its
  // changes came to. What they have changed is the engine's to undo.
  absl::Status RunBody(absl::AnyInvocable<absl::Status(WriteTxn&)>& body,
                       ChangeJournal& journal);

  // Each makes the change of its name, of a record that was checked. One that
  // fails may leave half of it behind: the transaction is undone.
  virtual absl::Status DoEnsureAccount(const Uuid& account_id,
                                       absl::Time now) = 0;
  virtual absl::Status DoInsertServiceAccount(
      const ServiceAccountRecord& record) = 0;
  virtual absl::Status DoUpdateServiceAccount(
      const ServiceAccountRecord& record) = 0;
  virtual absl::Status DoReplaceToken(const ServiceAccountRecord& record) = 0;

  // What decides how that token of that service account may change.
  // NOT_FOUND: no such token of it.
  virtual absl::StatusOr<TokenStatus> DoGetTokenStatus(
      const Uuid& account_id, const Uuid& service_account_id,
      std::string_view public_id) = 0;
  // Of one that DoGetTokenStatus has found, in a way that CheckUpdate() allows.
  virtual absl::Status DoUpdateToken(const Uuid& account_id,
                                     const Uuid& service_account_id,
                                     const TokenRecord& token) = 0;
  virtual absl::Status DoTouchLastUsed(std::span<const LastUse> uses) = 0;
  virtual absl::StatusOr<int> DoDeleteReplacedTokens(const Uuid& account_id,
                                                     const Uuid& id,
                                                     int limit) = 0;
  virtual absl::Status DoDeleteServiceAccount(const Uuid& account_id,
                                              const Uuid& id) = 0;
  virtual absl::Status DoInsertAuthorization(
      const AuthorizationRecord& record) = 0;
  virtual absl::Status DoRevokeAuthorization(const Uuid& account_id,
                                             const Uuid& id, absl::Time at,
                                             const Seal& seal) = 0;
  virtual absl::Status DoSealAuthorization(const Uuid& account_id,
                                           const Uuid& id,
                                           const Seal& seal) = 0;
  virtual absl::Status DoInsertAuditEvent(const AuditEventRecord& record) = 0;
  virtual absl::Status DoPutAuditChain(const AuditChainRecord& record) = 0;
  virtual absl::Status DoPutAuditHead(const AuditHeadRecord& record) = 0;
  virtual absl::Status DoDeleteAuditEventsBefore(const Uuid& account_id,
                                                 uint64_t sequence) = 0;
  virtual absl::Status DoPutIdempotencyRecord(
      const IdempotencyRecord& record) = 0;
  virtual absl::StatusOr<int> DoDeleteIdempotencyRecordsBefore(
      absl::Time before, int limit) = 0;
  virtual absl::Status DoSetWatermark(std::string_view name,
                                      absl::Time time) = 0;

 private:
  friend class ForwardingWriteTxn;

  // Makes the change, if none has failed yet and `check` allows it.
  template <typename Check, typename Change>
  auto Attempt(Check check, Change change) -> decltype(change());

  void NoteServiceAccount(const Uuid& account_id, const Uuid& id);
  void NoteHolder(const AuthorizationRecord& authorization);

  ChangeJournal* journal_ = nullptr;  // Null while no body runs.
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_TXN_H_
