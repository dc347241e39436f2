// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/audit_rows.h"

#include <algorithm>
#include <limits>

#include "storage/sqlite/connection/page_rows.h"

namespace signet::sqlite {
namespace {

constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();

#define SIGNET_AUDIT_COLUMNS                                      \
  "account_id, sequence, at, actor, action, resource_type,"       \
  " resource_id, outcome, request_id, peer, user_agent, details," \
  " key_version, mac"
#define SIGNET_CHAIN_COLUMNS                                     \
  "account_id, first_sequence, mac_before_first, last_sequence," \
  " last_mac, key_version, mac"

constexpr char kGetChain[] =
    "SELECT " SIGNET_CHAIN_COLUMNS " FROM audit_chains WHERE account_id = ?1";

constexpr char kListUp[] =
    "SELECT " SIGNET_AUDIT_COLUMNS
    " FROM audit_events WHERE account_id = ?1 AND sequence > ?2"
    " ORDER BY sequence";

constexpr char kListDown[] =
    "SELECT " SIGNET_AUDIT_COLUMNS
    " FROM audit_events WHERE account_id = ?1 AND sequence <= ?2"
    " ORDER BY sequence DESC";

constexpr char kListAccounts[] =
    "SELECT id FROM accounts WHERE id > ?1 AND"
    " (EXISTS (SELECT 1 FROM audit_chains WHERE account_id = accounts.id) OR"
    "  EXISTS (SELECT 1 FROM audit_events WHERE account_id = accounts.id))"
    " ORDER BY id LIMIT ?2";

constexpr char kListHeads[] =
    "SELECT writer, events, accounts, sealed FROM audit_heads ORDER BY writer";

constexpr char kPutHead[] =
    "INSERT INTO audit_heads (writer, events, accounts, sealed)"
    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (writer) DO UPDATE"
    " SET events = ?2, accounts = ?3, sealed = ?4";

constexpr char kInsertEvent[] =
    "INSERT INTO audit_events (" SIGNET_AUDIT_COLUMNS
    ") VALUES"
    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

constexpr char kPutChain[] =
    "INSERT INTO audit_chains (" SIGNET_CHAIN_COLUMNS
    ")"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (account_id) DO UPDATE"
    " SET first_sequence = ?2, mac_before_first = ?3, last_sequence = ?4,"
    " last_mac = ?5, key_version = ?6, mac = ?7";

constexpr char kDeleteBefore[] =
    "DELETE FROM audit_events WHERE account_id = ?1 AND sequence < ?2";

storage::AuditEventRecord ReadEvent(Rows& rows) {
  storage::AuditEventRecord record;
  int column = 0;
  record.account_id = rows.Id(column++);
  record.sequence = static_cast<uint64_t>(rows.Integer(column++));
  record.at = rows.Time(column++);
  for (std::string* text :
       {&record.actor, &record.action, &record.resource_type,
        &record.resource_id, &record.outcome, &record.request_id, &record.peer,
        &record.user_agent, &record.details}) {
    *text = rows.Text(column++);
  }
  record.key_version = static_cast<uint32_t>(rows.Integer(column++));
  rows.Blob(column++, record.mac);
  return record;
}

storage::AuditChainRecord ReadChain(Rows& rows) {
  storage::AuditChainRecord record;
  int column = 0;
  record.account_id = rows.Id(column++);
  record.first_sequence = static_cast<uint64_t>(rows.Integer(column++));
  rows.Blob(column++, record.mac_before_first);
  record.last_sequence = static_cast<uint64_t>(rows.Integer(column++));
  rows.Blob(column++, record.last_mac);
  record.key_version = static_cast<uint32_t>(rows.Integer(column++));
  rows.Blob(column++, record.mac);
  return record;
}

storage::AuditHeadRecord ReadHead(Rows& rows) {
  storage::AuditHeadRecord record;
  record.writer = rows.Text(0);
  record.events = static_cast<uint64_t>(rows.Integer(1));
  record.accounts = static_cast<uint64_t>(rows.Integer(2));
  record.ciphertext = rows.Bytes(3);
  return record;
}

// Events have lesser numbers, so this compares as the number itself does.
int64_t InColumn(uint64_t sequence) {
  return static_cast<int64_t>(
      std::min(sequence, static_cast<uint64_t>(kGreatest)));
}

}  // namespace

AuditReads::AuditReads(Preparer& prepare)
    : get_chain_(prepare(kGetChain)),
      list_up_(prepare(kListUp)),
      list_down_(prepare(kListDown)),
      list_accounts_(prepare(kListAccounts)),
      list_heads_(prepare(kListHeads)) {}

absl::StatusOr<storage::AuditChainRecord> AuditReads::GetChain(
    const Uuid& account_id) {
  return ReadOne(get_chain_.Query(account_id), "no such audit chain",
                 &ReadChain);
}

absl::StatusOr<storage::AuditPage> AuditReads::List(
    const storage::AuditQuery& query) {
  const auto page = [&](Statement& statement, uint64_t bound) {
    return ReadPage<storage::AuditPage>(
        statement.Query(query.account_id, InColumn(bound)), query, &ReadEvent);
  };
  if (!query.descending) return page(list_up_, query.after.value_or(0));
  if (!query.after.has_value()) return page(list_down_, kGreatest);
  if (*query.after == 0)
    return storage::AuditPage();  // Nothing has a lesser number.
  return page(list_down_, *query.after - 1);
}

absl::StatusOr<std::vector<Uuid>> AuditReads::ListAccounts(
    const std::optional<Uuid>& after, int limit) {
  const std::span<const uint8_t> id =
      after.has_value() ? std::span<const uint8_t>(after->bytes()) : kBeforeAll;
  return ReadAll(list_accounts_.Query(id, std::max(limit, 0)),
                 [](Rows& rows) { return rows.Id(0); });
}

absl::StatusOr<std::vector<storage::AuditHeadRecord>> AuditReads::ListHeads() {
  return ReadAll(list_heads_.Query(), &ReadHead);
}

AuditWrites::AuditWrites(Preparer& prepare)
    : insert_(prepare(kInsertEvent)),
      put_chain_(prepare(kPutChain)),
      put_head_(prepare(kPutHead)),
      delete_before_(prepare(kDeleteBefore)) {}

absl::Status AuditWrites::Insert(const storage::AuditEventRecord& record) {
  return insert_.Execute(record.account_id, record.sequence, record.at,
                         record.actor, record.action, record.resource_type,
                         record.resource_id, record.outcome, record.request_id,
                         record.peer, record.user_agent, record.details,
                         record.key_version, record.mac);
}

absl::Status AuditWrites::PutChain(const storage::AuditChainRecord& record) {
  return put_chain_.Execute(record.account_id, record.first_sequence,
                            record.mac_before_first, record.last_sequence,
                            record.last_mac, record.key_version, record.mac);
}

absl::Status AuditWrites::PutHead(const storage::AuditHeadRecord& record) {
  return put_head_.Execute(record.writer, record.events, record.accounts,
                           AsBlob(record.ciphertext));
}

absl::Status AuditWrites::DeleteBefore(const Uuid& account_id,
                                       uint64_t sequence) {
  return delete_before_.Execute(account_id, InColumn(sequence));
}

}  // namespace signet::sqlite
