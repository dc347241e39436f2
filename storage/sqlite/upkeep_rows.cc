// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/upkeep_rows.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/sqlite/connection/page_rows.h"

namespace signet::sqlite {
namespace {

constexpr char kFindIdempotencyRecord[] =
    "SELECT lookup, fingerprint, sealed, created_at FROM replays"
    " WHERE lookup = ?1";

constexpr char kGetWatermark[] = "SELECT time FROM watermarks WHERE name = ?1";

constexpr char kPutIdempotencyRecord[] =
    "INSERT INTO replays (lookup, fingerprint, sealed, created_at)"
    " VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (lookup) DO UPDATE SET"
    " fingerprint = ?2, sealed = ?3, created_at = ?4";

constexpr char kDeleteIdempotencyRecords[] =
    "DELETE FROM replays WHERE lookup IN"
    " (SELECT lookup FROM replays INDEXED BY replays_by_age"
    " WHERE created_at < ?1 ORDER BY created_at, lookup LIMIT ?2)";

constexpr char kSetWatermark[] =
    "INSERT INTO watermarks (name, time) VALUES (?1, ?2)"
    " ON CONFLICT (name) DO UPDATE SET time = ?2";

storage::IdempotencyRecord ReadIdempotencyRecord(Rows& rows) {
  storage::IdempotencyRecord record;
  rows.Blob(0, record.lookup);
  rows.Blob(1, record.fingerprint);
  record.ciphertext = rows.Bytes(2);
  record.created_at = rows.Time(3);
  return record;
}

}  // namespace

UpkeepReads::UpkeepReads(Preparer& prepare)
    : find_idempotency_record_(prepare(kFindIdempotencyRecord)),
      get_watermark_(prepare(kGetWatermark)) {}

absl::StatusOr<storage::IdempotencyRecord> UpkeepReads::FindIdempotencyRecord(
    const std::array<uint8_t, 32>& lookup) {
  return ReadOne(find_idempotency_record_.Query(lookup), "no such replay",
                 &ReadIdempotencyRecord);
}

absl::StatusOr<absl::Time> UpkeepReads::GetWatermark(std::string_view name) {
  Rows rows = get_watermark_.Query(name);
  if (!rows.Next()) {
    return rows.status().ok() ? absl::NotFoundError("no such watermark")
                              : rows.status();
  }
  const absl::Time time = rows.Time(0);
  if (rows.status().ok()) return time;
  // Not DATA_LOSS, which would end the store: it can be set anew.
  return absl::FailedPreconditionError(
      absl::StrCat("the watermark ", std::string(name), " is malformed"));
}

UpkeepWrites::UpkeepWrites(Preparer& prepare)
    : put_idempotency_record_(prepare(kPutIdempotencyRecord)),
      delete_idempotency_records_(prepare(kDeleteIdempotencyRecords)),
      set_watermark_(prepare(kSetWatermark)) {}

absl::Status UpkeepWrites::PutIdempotencyRecord(
    const storage::IdempotencyRecord& record) {
  return put_idempotency_record_.Execute(record.lookup, record.fingerprint,
                                         AsBlob(record.ciphertext),
                                         record.created_at);
}

absl::StatusOr<int> UpkeepWrites::DeleteIdempotencyRecordsBefore(
    absl::Time before, int limit) {
  const std::vector<uint8_t> end = EncodeTimeBound(before);
  // To SQLite, a negative limit is none.
  if (absl::Status s =
          delete_idempotency_records_.Execute(end, std::max(limit, 0));
      !s.ok()) {
    return s;
  }
  return delete_idempotency_records_.ChangedRows();
}

absl::Status UpkeepWrites::SetWatermark(std::string_view name,
                                        absl::Time time) {
  return set_watermark_.Execute(name, time);
}

}  // namespace signet::sqlite
