// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_txn.h"

#include "storage/sqlite/connection/sqlite_error.h"

namespace signet::sqlite {

absl::StatusOr<ReadStatements> ReadStatements::Prepare(
    SqliteConnection& connection) {
  Preparer prepare(connection.handle());
  ReadStatements statements{
      .service_accounts = ServiceAccountReads(prepare),
      .authorizations = AuthorizationReads(prepare),
      .audit = AuditReads(prepare),
      .upkeep = UpkeepReads(prepare),
  };
  if (!prepare.status().ok()) return prepare.status();
  return statements;
}

template <typename Interface>
absl::Status SqliteReads<Interface>::Note(absl::Status status) {
  if (IsEngineFailure(status)) SetEngineFailure(status);
  return status;
}

template <typename Interface>
absl::StatusOr<bool> SqliteReads<Interface>::IsEmpty() {
  absl::StatusOr<bool> any = Note(statements_.authorizations.AnyAccount());
  if (!any.ok()) return any;
  return !*any;
}

template <typename Interface>
absl::StatusOr<bool> SqliteReads<Interface>::HasAccount(
    const Uuid& account_id) {
  return Note(statements_.authorizations.HasAccount(account_id));
}

template <typename Interface>
absl::StatusOr<storage::ServiceAccountRecord>
SqliteReads<Interface>::GetServiceAccount(const Uuid& account_id,
                                          const Uuid& id) {
  return Note(statements_.service_accounts.Get(account_id, id));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
SqliteReads<Interface>::FindServiceAccounts(const Uuid& id) {
  return Note(statements_.service_accounts.Find(id));
}

template <typename Interface>
absl::StatusOr<storage::TokenOwner> SqliteReads<Interface>::FindToken(
    std::string_view public_id) {
  return Note(statements_.service_accounts.FindToken(public_id));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::TokenRecord>>
SqliteReads<Interface>::ListTokensInUse(const Uuid& account_id,
                                        const Uuid& id) {
  return Note(statements_.service_accounts.ListTokensInUse(account_id, id));
}

template <typename Interface>
absl::StatusOr<storage::ServiceAccountPage>
SqliteReads<Interface>::ListServiceAccounts(
    const storage::ServiceAccountQuery& query) {
  return Note(statements_.service_accounts.List(query));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
SqliteReads<Interface>::ListExpiring(absl::Time from, absl::Time until,
                                     int limit) {
  return Note(statements_.service_accounts.ListExpiring(from, until, limit));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
SqliteReads<Interface>::ListDead(absl::Time before, int limit) {
  return Note(statements_.service_accounts.ListDead(before, limit));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
SqliteReads<Interface>::ListHeldAuthorizations(
    std::span<const storage::Subject> subjects, const Uuid& account_id) {
  return Note(statements_.authorizations.ListHeld(subjects, account_id));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
SqliteReads<Interface>::ListHeldFor(std::span<const storage::Subject> subjects,
                                    const Uuid& account_id,
                                    const storage::HeldFilter& filter) {
  return Note(
      statements_.authorizations.ListHeldFor(subjects, account_id, filter));
}

template <typename Interface>
absl::StatusOr<int> SqliteReads<Interface>::CountHeldAuthorizations(
    const storage::Subject& subject, const Uuid& account_id, int limit) {
  return Note(statements_.authorizations.CountHeld(subject, account_id, limit));
}

template <typename Interface>
absl::StatusOr<storage::AuthorizationRecord>
SqliteReads<Interface>::FindEqualAuthorization(
    const storage::AuthorizationRecord& grant) {
  return Note(statements_.authorizations.FindEqual(grant));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
SqliteReads<Interface>::ListGrantsOf(const storage::Subject& subject,
                                     const storage::GrantFilter& filter,
                                     int limit) {
  return Note(statements_.authorizations.ListGrantsOf(subject, filter, limit));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
SqliteReads<Interface>::ListOwners(const Uuid& account_id, int limit) {
  return Note(statements_.authorizations.ListOwners(account_id, limit));
}

template <typename Interface>
absl::StatusOr<storage::AuthorizationRecord>
SqliteReads<Interface>::GetAuthorization(const Uuid& account_id,
                                         const Uuid& id) {
  return Note(statements_.authorizations.Get(account_id, id));
}

template <typename Interface>
absl::StatusOr<storage::AuthorizationPage>
SqliteReads<Interface>::ListAuthorizations(
    const storage::AuthorizationQuery& query) {
  return Note(statements_.authorizations.List(query));
}

template <typename Interface>
absl::StatusOr<storage::AuditChainRecord> SqliteReads<Interface>::GetAuditChain(
    const Uuid& account_id) {
  return Note(statements_.audit.GetChain(account_id));
}

template <typename Interface>
absl::StatusOr<storage::AuditPage> SqliteReads<Interface>::ListAuditEvents(
    const storage::AuditQuery& query) {
  return Note(statements_.audit.List(query));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::OwnedToken>>
SqliteReads<Interface>::ListTokens(std::string_view after, int limit) {
  return Note(statements_.service_accounts.ListTokens(after, limit));
}

template <typename Interface>
absl::StatusOr<std::vector<Uuid>> SqliteReads<Interface>::ListAccounts(
    const std::optional<Uuid>& after, int limit) {
  return Note(statements_.authorizations.ListAccounts(after, limit));
}

template <typename Interface>
absl::StatusOr<std::vector<Uuid>> SqliteReads<Interface>::ListAuditedAccounts(
    const std::optional<Uuid>& after, int limit) {
  return Note(statements_.audit.ListAccounts(after, limit));
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuditHeadRecord>>
SqliteReads<Interface>::ListAuditHeads() {
  return Note(statements_.audit.ListHeads());
}

template <typename Interface>
absl::StatusOr<storage::IdempotencyRecord>
SqliteReads<Interface>::FindIdempotencyRecord(
    const std::array<uint8_t, 32>& lookup) {
  return Note(statements_.upkeep.FindIdempotencyRecord(lookup));
}

template <typename Interface>
absl::StatusOr<absl::Time> SqliteReads<Interface>::GetWatermark(
    std::string_view name) {
  return Note(statements_.upkeep.GetWatermark(name));
}

template class SqliteReads<storage::ReadTxn>;
template class SqliteReads<storage::WriteTxn>;

}  // namespace signet::sqlite
