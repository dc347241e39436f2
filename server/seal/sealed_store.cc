// SPDX-License-Identifier: Apache-2.0
#include "server/seal/sealed_store.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "server/seal/seal.h"

namespace signet::seal {
namespace {

// How often a limit's rows are read at most for as many that verify.
constexpr int kMostRead = 16;

absl::Status RecordAltered() {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "the record is not as this server wrote it; its operator "
                   "finds out more by a check of the database",
                   {.reason = kRecordAltered});
}

}  // namespace

struct SealedStore::Findings {
  storage::TokenChanges altered;
};

// Verifies what is read. `Forwarding` is ForwardingReadTxn or
// ForwardingWriteTxn.
//
// Passed on as they are, since they give no authority or have a MAC of their
// own: IsEmpty, HasAccount, ListAccounts, CountHeldAuthorizations,
// GetAuditChain, ListAuditEvents, ListAuditedAccounts, ListAuditHeads,
// FindIdempotencyRecord, GetWatermark; and ListTokens, whose callers verify.
// tests/house fails where a look-up or a change is neither named nor overridden
// here.
template <typename Forwarding>
class SealedStore::Reads : public Forwarding {
 public:
  Reads(auto& txn, SealedStore& store, Findings& findings)
      : Forwarding(txn), store_(store), findings_(findings) {}

  absl::StatusOr<storage::ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override {
    absl::StatusOr<storage::ServiceAccountRecord> record =
        Forwarding::GetServiceAccount(account_id, id);
    if (record.ok() && !Verify(*record)) return RecordAltered();
    return record;
  }
  // One that was added does not hide the good one, and an altered one is not as
  // if there were none.
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
  FindServiceAccounts(const Uuid& id) override {
    absl::StatusOr<std::vector<storage::ServiceAccountRecord>> found =
        Forwarding::FindServiceAccounts(id);
    if (!found.ok() || found->empty()) return found;
    LeaveOutAltered(*found);
    if (found->empty()) return RecordAltered();
    return found;
  }
  absl::StatusOr<storage::TokenOwner> FindToken(
      std::string_view public_id) override {
    absl::StatusOr<storage::TokenOwner> found =
        Forwarding::FindToken(public_id);
    if (found.ok() && !IsSealed(keyring(), *found)) {
      NoteAltered(found->owner, found->token.public_id);
      return absl::NotFoundError("no such token");
    }
    return found;
  }
  // One that is missing here would count for ended.
  absl::StatusOr<std::vector<storage::TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id) override {
    absl::StatusOr<std::vector<storage::TokenRecord>> tokens =
        Forwarding::ListTokensInUse(account_id, id);
    if (!tokens.ok()) return tokens;
    for (const storage::TokenRecord& token : *tokens) {
      if (IsSealed(keyring(), account_id, id, token)) continue;
      store_.Note("token", token.public_id);
      return RecordAltered();
    }
    return tokens;
  }
  absl::StatusOr<storage::ServiceAccountPage> ListServiceAccounts(
      const storage::ServiceAccountQuery& query) override {
    absl::StatusOr<storage::ServiceAccountPage> page =
        Forwarding::ListServiceAccounts(query);
    if (page.ok()) LeaveOutAltered(page->records);
    return page;
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListExpiring(
      absl::Time from, absl::Time until, int limit) override {
    return ListUpTo(limit, [&](int ask) {
      return Forwarding::ListExpiring(from, until, ask);
    });
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListDead(
      absl::Time before, int limit) override {
    return ListUpTo(limit,
                    [&](int ask) { return Forwarding::ListDead(before, ask); });
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>>
  ListHeldAuthorizations(std::span<const storage::Subject> subjects,
                         const Uuid& account_id) override {
    absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
        Forwarding::ListHeldAuthorizations(subjects, account_id);
    if (held.ok()) LeaveOutVoid(*held);
    return held;
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject> subjects, const Uuid& account_id,
      const storage::HeldFilter& filter) override {
    absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
        Forwarding::ListHeldFor(subjects, account_id, filter);
    if (held.ok()) LeaveOutVoid(*held);
    return held;
  }
  absl::StatusOr<storage::AuthorizationRecord> FindEqualAuthorization(
      const storage::AuthorizationRecord& grant) override {
    storage::AuthorizationRecord wanted = Bound(grant);
    absl::StatusOr<storage::AuthorizationRecord> record =
        Forwarding::FindEqualAuthorization(wanted);
    if (absl::IsNotFound(record.status()) && !wanted.subject_issuer.empty()) {
      wanted.subject_issuer.clear();
      record = Forwarding::FindEqualAuthorization(wanted);
    }
    if (record.ok() && !Verify(*record)) return RecordAltered();
    return record;
  }
  // What is missing here would count for not granted. Who asks for all of them
  // compares rights: one that somebody has damaged may be good again tomorrow.
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListGrantsOf(
      const storage::Subject& subject, const storage::GrantFilter& filter,
      int limit) override {
    Found found;
    auto grants = ListUpTo(
        limit,
        [&](int ask) { return Forwarding::ListGrantsOf(subject, filter, ask); },
        &found);
    if (!grants.ok()) return grants;
    const bool compares = !filter.kind.has_value();
    if (!found.all || (found.altered && compares)) return RecordAltered();
    return grants;
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit) override {
    return ListUpTo(limit, [&](int ask) {
      return Forwarding::ListOwners(account_id, ask);
    });
  }
  absl::StatusOr<storage::AuthorizationRecord> GetAuthorization(
      const Uuid& account_id, const Uuid& id) override {
    absl::StatusOr<storage::AuthorizationRecord> record =
        Forwarding::GetAuthorization(account_id, id);
    if (record.ok() && !Verify(*record)) return RecordAltered();
    return record;
  }
  absl::StatusOr<storage::AuthorizationPage> ListAuthorizations(
      const storage::AuthorizationQuery& query) override {
    absl::StatusOr<storage::AuthorizationPage> page =
        Forwarding::ListAuthorizations(query);
    if (page.ok()) LeaveOutAltered(page->records);
    return page;
  }

 protected:
  const crypto::MacKeyring& keyring() const { return *store_.keyring_; }

  bool Verify(const storage::ServiceAccountRecord& record) {
    if (IsSealed(keyring(), record)) return true;
    NoteAltered(record, record.token.public_id);
    return false;
  }
  bool Verify(const storage::AuthorizationRecord& record) {
    if (IsSealed(keyring(), record)) return true;
    store_.Note("authorization", "");
    return false;
  }

  // With the issuer that its subject is of.
  storage::AuthorizationRecord Bound(storage::AuthorizationRecord grant) const {
    if (grant.subject.type != storage::SubjectType::kServiceAccount) {
      grant.subject_issuer = store_.issuer_;
    }
    return grant;
  }

 private:
  void NoteAltered(const storage::ServiceAccountRecord& record,
                   std::string_view public_id) {
    store_.Note("service_account or token", public_id);
    findings_.altered.service_accounts.push_back(
        {.account_id = record.account_id, .id = record.id});
  }

  template <typename Record>
  void LeaveOutAltered(std::vector<Record>& records) {
    std::erase_if(records,
                  [this](const Record& record) { return !Verify(record); });
  }

  // Whether nothing is granted by it under the present issuer.
  bool IsVoid(const storage::ServiceAccountRecord&) const { return false; }
  bool IsVoid(const storage::AuthorizationRecord& record) const {
    return !record.subject_issuer.empty() &&
           record.subject_issuer != store_.issuer_;
  }
  // Leaves out what does not give what it says; whether any of it was altered.
  template <typename Record>
  bool LeaveOutVoid(std::vector<Record>& records) {
    bool altered = false;
    std::erase_if(records, [&](const Record& record) {
      if (Verify(record)) return IsVoid(record);
      altered = true;
      return true;
    });
    return altered;
  }

  // What a list up to a limit is worth.
  struct Found {
    bool all = false;      // Nothing is missing that is good.
    bool altered = false;  // One was left out that does not verify.
  };

  // A few that are left out do not stand before others, and many cost no more
  // than kMostRead times as much.
  template <typename List>
  auto ListUpTo(int limit, List list, Found* found = nullptr)
      -> decltype(list(limit)) {
    const int64_t most = std::min(int64_t{kMostRead} * limit,
                                  int64_t{std::numeric_limits<int>::max()});
    for (int64_t ask = limit;; ask = std::min(ask * 4, most)) {
      auto records = list(static_cast<int>(ask));
      if (!records.ok()) return records;
      const bool read = records->size() < static_cast<size_t>(ask);
      const bool altered = LeaveOutVoid(*records);
      const bool enough = records->size() >= static_cast<size_t>(limit);
      if (!read && !enough && ask < most) continue;
      if (found != nullptr) {
        *found = {.all = read || enough, .altered = altered};
      }
      if (enough) records->resize(static_cast<size_t>(limit));
      return records;
    }
  }

  SealedStore& store_;
  Findings& findings_;
};

// Seals what is written. Passed on as they are: EnsureAccount, TouchLastUsed,
// DeleteReplacedTokens, DeleteServiceAccount, InsertAuditEvent, PutAuditChain,
// PutAuditHead, DeleteAuditEventsBefore, PutIdempotencyRecord,
// DeleteIdempotencyRecordsBefore, SetWatermark; and GetTokenStatus, which an
// update is checked against.
class SealedStore::Writes final
    : public SealedStore::Reads<storage::ForwardingWriteTxn> {
 public:
  using Reads::Reads;

 protected:
  absl::Status DoInsertServiceAccount(
      const storage::ServiceAccountRecord& record) override {
    return ForwardingWriteTxn::DoInsertServiceAccount(
        Sealed(keyring(), record));
  }
  absl::Status DoUpdateServiceAccount(
      const storage::ServiceAccountRecord& record) override {
    return ForwardingWriteTxn::DoUpdateServiceAccount(
        Sealed(keyring(), record));
  }
  absl::Status DoReplaceToken(
      const storage::ServiceAccountRecord& record) override {
    return ForwardingWriteTxn::DoReplaceToken(Sealed(keyring(), record));
  }
  absl::Status DoUpdateToken(const Uuid& account_id,
                             const Uuid& service_account_id,
                             const storage::TokenRecord& token) override {
    storage::TokenRecord sealed = token;
    sealed.seal = MakeSeal(keyring(), account_id, service_account_id, token);
    return ForwardingWriteTxn::DoUpdateToken(account_id, service_account_id,
                                             sealed);
  }
  absl::Status DoInsertAuthorization(
      const storage::AuthorizationRecord& record) override {
    storage::AuthorizationRecord sealed = Bound(record);
    sealed.seal = MakeSeal(keyring(), sealed);
    return ForwardingWriteTxn::DoInsertAuthorization(sealed);
  }
  absl::Status DoRevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                     absl::Time at,
                                     const storage::Seal&) override {
    absl::StatusOr<storage::AuthorizationRecord> record =
        GetAuthorization(account_id, id);
    if (!record.ok()) return record.status();
    if (!record->revoked_at.has_value()) {
      record->revoked_at = at;
      record->seal = MakeSeal(keyring(), *record);
    }
    return ForwardingWriteTxn::DoRevokeAuthorization(account_id, id, at,
                                                     record->seal);
  }
  absl::Status DoSealAuthorization(const Uuid&, const Uuid&,
                                   const storage::Seal&) override {
    return absl::InternalError("a sealed store makes its seals itself");
  }
};

void SealedStore::Read(ReadBody body, Done done, storage::ReadOptions options) {
  auto findings = std::make_shared<Findings>();
  store_->Read(
      [this, findings, body = std::move(body)](storage::ReadTxn& txn) mutable {
        *findings = {};  // A body may run again.
        Reads<storage::ForwardingReadTxn> verifying(txn, *this, *findings);
        return body(verifying);
      },
      [this, findings, done = std::move(done)](absl::Status status) mutable {
        Tell(*findings);
        std::move(done)(std::move(status));
      },
      std::move(options));
}

void SealedStore::Write(WriteBody body, Done done,
                        storage::WriteOptions options) {
  auto findings = std::make_shared<Findings>();
  store_->Write(
      [this, findings, body = std::move(body)](storage::WriteTxn& txn) mutable {
        *findings = {};
        Writes sealing(txn, *this, *findings);
        return body(sealing);
      },
      [this, findings, done = std::move(done)](absl::Status status) mutable {
        Tell(*findings);
        std::move(done)(std::move(status));
      },
      std::move(options));
}

void SealedStore::Note(std::string_view row, std::string_view public_id) {
  const uint64_t total =
      altered_rows_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::optional<int64_t> omitted = throttle_.Pass(clock_->Now());
  if (!omitted.has_value()) return;
  logger_->Error("a row of the database is not as this server wrote it",
                 {{"row", row},
                  {"token_public_id", public_id},
                  {"omitted", *omitted},
                  {"total", static_cast<int64_t>(total)}});
}

void SealedStore::Tell(const Findings& findings) const {
  if (on_altered_ && !findings.altered.empty()) on_altered_(findings.altered);
}

}  // namespace signet::seal
