// SPDX-License-Identifier: Apache-2.0
#include "storage/txn.h"

#include <optional>

namespace signet::storage {
namespace {

const absl::Status& StatusOf(const absl::Status& status) { return status; }
const absl::Status& StatusOf(const absl::StatusOr<int>& result) {
  return result.status();
}

// Of a change to which no rule applies.
absl::Status NoRule() { return absl::OkStatus(); }

}  // namespace

absl::Status WriteTxn::RunBody(
    absl::AnyInvocable<absl::Status(WriteTxn&)>& body, ChangeJournal& journal) {
  journal = {};
  journal_ = &journal;
  absl::Status outcome = body(*this);
  journal_ = nullptr;
  return outcome.ok() ? journal.failure : outcome;
}

template <typename Check, typename Change>
auto WriteTxn::Attempt(Check check, Change change) -> decltype(change()) {
  absl::Status& failure = journal_->failure;
  if (failure.ok()) failure = check();
  if (!failure.ok()) return failure;
  auto result = change();
  failure = StatusOf(result);
  return result;
}

void WriteTxn::NoteServiceAccount(const Uuid& account_id, const Uuid& id) {
  journal_->changes.service_accounts.push_back(
      {.account_id = account_id, .id = id});
}

// Users and groups have no tokens here.
void WriteTxn::NoteHolder(const AuthorizationRecord& authorization) {
  if (authorization.subject.type != SubjectType::kServiceAccount) return;
  const std::optional<Uuid> id = Uuid::Parse(authorization.subject.id);
  if (!id.has_value()) return;
  const bool at_home = GetServiceAccount(authorization.account_id, *id).ok();
  NoteServiceAccount(at_home ? authorization.account_id : Uuid(), *id);
}

absl::Status WriteTxn::EnsureAccount(const Uuid& account_id, absl::Time now) {
  return Attempt([&] { return CheckTime(now); },
                 [&] { return DoEnsureAccount(account_id, now); });
}

absl::Status WriteTxn::InsertServiceAccount(
    const ServiceAccountRecord& record) {
  return Attempt(
      [&] { return CheckRecord(record); },
      [&] {
        journal_->changes.new_public_ids.push_back(record.token.public_id);
        return DoInsertServiceAccount(record);
      });
}

absl::Status WriteTxn::UpdateServiceAccount(
    const ServiceAccountRecord& record) {
  return Attempt([&] { return CheckRecord(record); },
                 [&] {
                   NoteServiceAccount(record.account_id, record.id);
                   return DoUpdateServiceAccount(record);
                 });
}

absl::Status WriteTxn::ReplaceToken(const ServiceAccountRecord& record) {
  return Attempt(
      [&] { return CheckRecord(record); },
      [&] {
        NoteServiceAccount(record.account_id, record.id);
        journal_->changes.new_public_ids.push_back(record.token.public_id);
        return DoReplaceToken(record);
      });
}

absl::Status WriteTxn::UpdateToken(const Uuid& account_id,
                                   const Uuid& service_account_id,
                                   const TokenRecord& token) {
  return Attempt(
      [&] {
        const absl::StatusOr<TokenStatus> stored =
            DoGetTokenStatus(account_id, service_account_id, token.public_id);
        return stored.ok() ? CheckUpdate(token, *stored) : stored.status();
      },
      [&] {
        NoteServiceAccount(account_id, service_account_id);
        return DoUpdateToken(account_id, service_account_id, token);
      });
}

absl::Status WriteTxn::TouchLastUsed(std::span<const LastUse> uses) {
  return Attempt(
      [&] {
        for (const LastUse& use : uses) {
          if (absl::Status s = CheckTime(use.at); !s.ok()) return s;
        }
        return absl::OkStatus();
      },
      [&] { return DoTouchLastUsed(uses); });
}

absl::StatusOr<int> WriteTxn::DeleteReplacedTokens(const Uuid& account_id,
                                                   const Uuid& id, int limit) {
  return Attempt(&NoRule, [&] {
    NoteServiceAccount(account_id, id);
    return DoDeleteReplacedTokens(account_id, id, limit);
  });
}

absl::Status WriteTxn::DeleteServiceAccount(const Uuid& account_id,
                                            const Uuid& id) {
  return Attempt(&NoRule, [&] {
    NoteServiceAccount(account_id, id);
    return DoDeleteServiceAccount(account_id, id);
  });
}

absl::Status WriteTxn::InsertAuthorization(const AuthorizationRecord& record) {
  return Attempt([&] { return CheckRecord(record); },
                 [&] {
                   NoteHolder(record);
                   return DoInsertAuthorization(record);
                 });
}

absl::Status WriteTxn::RevokeAuthorization(const Uuid& account_id,
                                           const Uuid& id, absl::Time at,
                                           const Seal& seal) {
  return Attempt([&] { return CheckTime(at); },
                 [&] {
                   const absl::StatusOr<AuthorizationRecord> found =
                       GetAuthorization(account_id, id);
                   if (found.ok()) NoteHolder(*found);
                   return DoRevokeAuthorization(account_id, id, at, seal);
                 });
}

absl::Status WriteTxn::SealAuthorization(const Uuid& account_id, const Uuid& id,
                                         const Seal& seal) {
  return Attempt(&NoRule,
                 [&] { return DoSealAuthorization(account_id, id, seal); });
}

absl::Status WriteTxn::InsertAuditEvent(const AuditEventRecord& record) {
  return Attempt([&] { return CheckRecord(record); },
                 [&] { return DoInsertAuditEvent(record); });
}

absl::Status WriteTxn::PutAuditChain(const AuditChainRecord& record) {
  return Attempt([&] { return CheckRecord(record); },
                 [&] { return DoPutAuditChain(record); });
}

absl::Status WriteTxn::PutAuditHead(const AuditHeadRecord& record) {
  return Attempt([&] { return CheckRecord(record); },
                 [&] { return DoPutAuditHead(record); });
}

absl::Status WriteTxn::DeleteAuditEventsBefore(const Uuid& account_id,
                                               uint64_t sequence) {
  return Attempt(
      &NoRule, [&] { return DoDeleteAuditEventsBefore(account_id, sequence); });
}

absl::Status WriteTxn::PutIdempotencyRecord(const IdempotencyRecord& record) {
  return Attempt([&] { return CheckRecord(record); },
                 [&] { return DoPutIdempotencyRecord(record); });
}

absl::StatusOr<int> WriteTxn::DeleteIdempotencyRecordsBefore(absl::Time before,
                                                             int limit) {
  return Attempt(
      &NoRule, [&] { return DoDeleteIdempotencyRecordsBefore(before, limit); });
}

absl::Status WriteTxn::SetWatermark(std::string_view name, absl::Time time) {
  return Attempt([&] { return CheckTime(time); },
                 [&] { return DoSetWatermark(name, time); });
}

}  // namespace signet::storage
