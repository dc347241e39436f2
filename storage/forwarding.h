// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_FORWARDING_H_
#define SIGNET_STORAGE_FORWARDING_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/store.h"

namespace signet::storage {

// For what stands in front of a transaction or a store: each passes everything
// on, and who derives from it overrides what it does otherwise.

template <typename Interface>
class ForwardingReads : public Interface {
 public:
  // `txn` is borrowed.
  explicit ForwardingReads(Interface& txn) : txn_(txn) {}

  absl::StatusOr<bool> IsEmpty() override { return txn_.IsEmpty(); }
  absl::StatusOr<ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override {
    return txn_.GetServiceAccount(account_id, id);
  }
  absl::StatusOr<std::vector<ServiceAccountRecord>> FindServiceAccounts(
      const Uuid& id) override {
    return txn_.FindServiceAccounts(id);
  }
  absl::StatusOr<TokenOwner> FindToken(std::string_view public_id) override {
    return txn_.FindToken(public_id);
  }
  absl::StatusOr<std::vector<TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id) override {
    return txn_.ListTokensInUse(account_id, id);
  }
  absl::StatusOr<ServiceAccountPage> ListServiceAccounts(
      const ServiceAccountQuery& query) override {
    return txn_.ListServiceAccounts(query);
  }
  absl::StatusOr<std::vector<ServiceAccountRecord>> ListExpiring(
      absl::Time from, absl::Time until, int limit) override {
    return txn_.ListExpiring(from, until, limit);
  }
  absl::StatusOr<std::vector<ServiceAccountRecord>> ListDead(
      absl::Time before, int limit) override {
    return txn_.ListDead(before, limit);
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldAuthorizations(
      std::span<const Subject> subjects, const Uuid& account_id) override {
    return txn_.ListHeldAuthorizations(subjects, account_id);
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldFor(
      std::span<const Subject> subjects, const Uuid& account_id,
      const HeldFilter& filter) override {
    return txn_.ListHeldFor(subjects, account_id, filter);
  }
  absl::StatusOr<int> CountHeldAuthorizations(const Subject& subject,
                                              const Uuid& account_id,
                                              int limit) override {
    return txn_.CountHeldAuthorizations(subject, account_id, limit);
  }
  absl::StatusOr<AuthorizationRecord> FindEqualAuthorization(
      const AuthorizationRecord& grant) override {
    return txn_.FindEqualAuthorization(grant);
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListGrantsOf(
      const Subject& subject, const GrantFilter& filter, int limit) override {
    return txn_.ListGrantsOf(subject, filter, limit);
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit) override {
    return txn_.ListOwners(account_id, limit);
  }
  absl::StatusOr<AuthorizationRecord> GetAuthorization(
      const Uuid& account_id, const Uuid& id) override {
    return txn_.GetAuthorization(account_id, id);
  }
  absl::StatusOr<AuthorizationPage> ListAuthorizations(
      const AuthorizationQuery& query) override {
    return txn_.ListAuthorizations(query);
  }
  absl::StatusOr<std::vector<OwnedToken>> ListTokens(std::string_view after,
                                                     int limit) override {
    return txn_.ListTokens(after, limit);
  }
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return txn_.ListAccounts(after, limit);
  }
  absl::StatusOr<bool> HasAccount(const Uuid& account_id) override {
    return txn_.HasAccount(account_id);
  }
  absl::StatusOr<AuditChainRecord> GetAuditChain(
      const Uuid& account_id) override {
    return txn_.GetAuditChain(account_id);
  }
  absl::StatusOr<AuditPage> ListAuditEvents(const AuditQuery& query) override {
    return txn_.ListAuditEvents(query);
  }
  absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return txn_.ListAuditedAccounts(after, limit);
  }
  absl::StatusOr<std::vector<AuditHeadRecord>> ListAuditHeads() override {
    return txn_.ListAuditHeads();
  }
  absl::StatusOr<IdempotencyRecord> FindIdempotencyRecord(
      const std::array<uint8_t, 32>& lookup) override {
    return txn_.FindIdempotencyRecord(lookup);
  }
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name) override {
    return txn_.GetWatermark(name);
  }

 protected:
  Interface& txn() { return txn_; }

 private:
  Interface& txn_;
};

class ForwardingReadTxn : public ForwardingReads<ReadTxn> {
 public:
  using ForwardingReads::ForwardingReads;
};

// Changes are checked and noted here, once, and go to the virtuals of `txn`.
// Both keep one journal, so that a change which fails ends both.
class ForwardingWriteTxn : public ForwardingReads<WriteTxn> {
 public:
  explicit ForwardingWriteTxn(WriteTxn& txn) : ForwardingReads(txn) {
    journal_ = txn.journal_;
  }

 protected:
  absl::Status DoEnsureAccount(const Uuid& account_id,
                               absl::Time now) override {
    return txn().DoEnsureAccount(account_id, now);
  }
  absl::Status DoInsertServiceAccount(
      const ServiceAccountRecord& record) override {
    return txn().DoInsertServiceAccount(record);
  }
  absl::Status DoUpdateServiceAccount(
      const ServiceAccountRecord& record) override {
    return txn().DoUpdateServiceAccount(record);
  }
  absl::Status DoReplaceToken(const ServiceAccountRecord& record) override {
    return txn().DoReplaceToken(record);
  }
  absl::StatusOr<TokenStatus> DoGetTokenStatus(
      const Uuid& account_id, const Uuid& service_account_id,
      std::string_view public_id) override {
    return txn().DoGetTokenStatus(account_id, service_account_id, public_id);
  }
  absl::Status DoUpdateToken(const Uuid& account_id,
                             const Uuid& service_account_id,
                             const TokenRecord& token) override {
    return txn().DoUpdateToken(account_id, service_account_id, token);
  }
  absl::Status DoTouchLastUsed(std::span<const LastUse> uses) override {
    return txn().DoTouchLastUsed(uses);
  }
  absl::StatusOr<int> DoDeleteReplacedTokens(const Uuid& account_id,
                                             const Uuid& id,
                                             int limit) override {
    return txn().DoDeleteReplacedTokens(account_id, id, limit);
  }
  absl::Status DoDeleteServiceAccount(const Uuid& account_id,
                                      const Uuid& id) override {
    return txn().DoDeleteServiceAccount(account_id, id);
  }
  absl::Status DoInsertAuthorization(
      const AuthorizationRecord& record) override {
    return txn().DoInsertAuthorization(record);
  }
  absl::Status DoRevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                     absl::Time at, const Seal& seal) override {
    return txn().DoRevokeAuthorization(account_id, id, at, seal);
  }
  absl::Status DoSealAuthorization(const Uuid& account_id, const Uuid& id,
                                   const Seal& seal) override {
    return txn().DoSealAuthorization(account_id, id, seal);
  }
  absl::Status DoInsertAuditEvent(const AuditEventRecord& record) override {
    return txn().DoInsertAuditEvent(record);
  }
  absl::Status DoPutAuditChain(const AuditChainRecord& record) override {
    return txn().DoPutAuditChain(record);
  }
  absl::Status DoPutAuditHead(const AuditHeadRecord& record) override {
    return txn().DoPutAuditHead(record);
  }
  absl::Status DoDeleteAuditEventsBefore(const Uuid& account_id,
                                         uint64_t sequence) override {
    return txn().DoDeleteAuditEventsBefore(account_id, sequence);
  }
  absl::Status DoPutIdempotencyRecord(
      const IdempotencyRecord& record) override {
    return txn().DoPutIdempotencyRecord(record);
  }
  absl::StatusOr<int> DoDeleteIdempotencyRecordsBefore(absl::Time before,
                                                       int limit) override {
    return txn().DoDeleteIdempotencyRecordsBefore(before, limit);
  }
  absl::Status DoSetWatermark(std::string_view name, absl::Time time) override {
    return txn().DoSetWatermark(name, time);
  }
};

class ForwardingStore : public Store {
 public:
  // `store` is borrowed.
  explicit ForwardingStore(Store* store) : store_(store) {}

  void Read(ReadBody body, Done done, ReadOptions options = {}) override {
    store_->Read(std::move(body), std::move(done), std::move(options));
  }
  void Write(WriteBody body, Done done, WriteOptions options = {}) override {
    store_->Write(std::move(body), std::move(done), std::move(options));
  }
  void Subscribe(std::optional<uint64_t> position, ChangeSink sink) override {
    store_->Subscribe(position, std::move(sink));
  }
  absl::StatusOr<std::unique_ptr<StoreLock>> TryLock(
      std::string_view name) override {
    return store_->TryLock(name);
  }
  StoreHealth Health() const override { return store_->Health(); }
  void Drain() override { store_->Drain(); }

 private:
  Store* const store_;
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_FORWARDING_H_
