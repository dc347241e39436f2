// SPDX-License-Identifier: Apache-2.0
#include "storage/watched_store.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace signet::storage {
namespace {

// Passes everything on and notes what changes.
class NotingTxn final : public WriteTxn {
 public:
  NotingTxn(WriteTxn& txn, TokenChanges& changes)
      : txn_(txn), changes_(changes) {}

  absl::Status InsertServiceAccount(
      const ServiceAccountRecord& record) override {
    changes_.new_public_ids.push_back(record.token.public_id);
    return txn_.InsertServiceAccount(record);
  }
  absl::Status UpdateServiceAccount(
      const ServiceAccountRecord& record) override {
    Note(record.account_id, record.id);
    return txn_.UpdateServiceAccount(record);
  }
  absl::Status ReplaceToken(const ServiceAccountRecord& record) override {
    Note(record.account_id, record.id);
    changes_.new_public_ids.push_back(record.token.public_id);
    return txn_.ReplaceToken(record);
  }
  absl::Status UpdateToken(const Uuid& account_id,
                           const Uuid& service_account_id,
                           const TokenRecord& token) override {
    Note(account_id, service_account_id);
    return txn_.UpdateToken(account_id, service_account_id, token);
  }
  absl::StatusOr<int> DeleteReplacedTokens(const Uuid& account_id,
                                           const Uuid& id, int limit) override {
    Note(account_id, id);
    return txn_.DeleteReplacedTokens(account_id, id, limit);
  }
  absl::Status DeleteServiceAccount(const Uuid& account_id,
                                    const Uuid& id) override {
    Note(account_id, id);
    return txn_.DeleteServiceAccount(account_id, id);
  }
  absl::Status InsertAuthorization(const AuthorizationRecord& record) override {
    Note(record);
    return txn_.InsertAuthorization(record);
  }
  absl::Status RevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                   absl::Time at, const Seal& seal) override {
    const absl::StatusOr<AuthorizationRecord> found =
        txn_.GetAuthorization(account_id, id);
    if (found.ok()) Note(*found);
    return txn_.RevokeAuthorization(account_id, id, at, seal);
  }

  // Nothing below decides about a token.
  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now) override {
    return txn_.EnsureAccount(account_id, now);
  }
  absl::Status TouchLastUsed(std::span<const LastUse> uses) override {
    return txn_.TouchLastUsed(uses);
  }
  absl::Status SealAuthorization(const Uuid& account_id, const Uuid& id,
                                 const Seal& seal) override {
    return txn_.SealAuthorization(account_id, id, seal);
  }
  absl::Status InsertAuditEvent(const AuditEventRecord& record) override {
    return txn_.InsertAuditEvent(record);
  }
  absl::Status PutAuditChain(const AuditChainRecord& record) override {
    return txn_.PutAuditChain(record);
  }
  absl::Status PutAuditHead(const AuditHeadRecord& record) override {
    return txn_.PutAuditHead(record);
  }
  absl::Status DeleteAuditEventsBefore(const Uuid& account_id,
                                       uint64_t sequence) override {
    return txn_.DeleteAuditEventsBefore(account_id, sequence);
  }
  absl::Status PutReplay(const ReplayRecord& record) override {
    return txn_.PutReplay(record);
  }
  absl::StatusOr<int> DeleteReplaysBefore(absl::Time before,
                                          int limit) override {
    return txn_.DeleteReplaysBefore(before, limit);
  }
  absl::Status SetWatermark(std::string_view name, absl::Time time) override {
    return txn_.SetWatermark(name, time);
  }

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
  absl::StatusOr<ReplayRecord> FindReplay(
      const std::array<uint8_t, 32>& lookup) override {
    return txn_.FindReplay(lookup);
  }
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name) override {
    return txn_.GetWatermark(name);
  }

 private:
  void Note(const Uuid& account_id, const Uuid& service_account_id) {
    changes_.service_accounts.push_back(
        {.account_id = account_id, .id = service_account_id});
  }

  // Users and groups have no tokens here.
  void Note(const AuthorizationRecord& authorization) {
    if (authorization.subject.type != SubjectType::kServiceAccount) return;
    const std::optional<Uuid> id = Uuid::Parse(authorization.subject.id);
    if (!id.has_value()) return;
    const bool at_home =
        txn_.GetServiceAccount(authorization.account_id, *id).ok();
    Note(at_home ? authorization.account_id : Uuid(), *id);
  }

  WriteTxn& txn_;
  TokenChanges& changes_;
};

// One write on its way.
struct Noted {
  Store::WriteBody body;
  Store::Done done;
  TokenChanges changes = {};
};

}  // namespace

void WatchedStore::Write(WriteBody body, Done done, WriteOptions options) {
  auto noted = std::make_shared<Noted>(
      Noted{.body = std::move(body), .done = std::move(done)});
  store_->Write(
      [noted](WriteTxn& txn) {
        noted->changes = {};  // A body may run again.
        NotingTxn noting(txn, noted->changes);
        return noted->body(noting);
      },
      [this, noted](absl::Status status) {
        if (!noted->changes.empty()) on_change_(noted->changes);
        std::move(noted->done)(std::move(status));
      },
      std::move(options));
}

}  // namespace signet::storage
