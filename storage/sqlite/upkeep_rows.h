// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_UPKEEP_ROWS_H_
#define SIGNET_STORAGE_SQLITE_UPKEEP_ROWS_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/records.h"
#include "storage/sqlite/connection/statement.h"

namespace signet::sqlite {

// The look-ups of ReadTxn of idempotency records and watermarks, as prepared
// statements of one connection.
class UpkeepReads {
 public:
  explicit UpkeepReads(Preparer& prepare);

  absl::StatusOr<storage::IdempotencyRecord> FindIdempotencyRecord(
      const std::array<uint8_t, 32>& lookup);
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name);

 private:
  Statement find_idempotency_record_;
  Statement get_watermark_;
};

// The changes of WriteTxn to them.
class UpkeepWrites {
 public:
  explicit UpkeepWrites(Preparer& prepare);

  absl::Status PutIdempotencyRecord(const storage::IdempotencyRecord& record);
  // Oldest first.
  absl::StatusOr<int> DeleteIdempotencyRecordsBefore(absl::Time before,
                                                     int limit);
  absl::Status SetWatermark(std::string_view name, absl::Time time);

 private:
  Statement put_idempotency_record_;
  Statement delete_idempotency_records_;
  Statement set_watermark_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_UPKEEP_ROWS_H_
