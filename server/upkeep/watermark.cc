// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/watermark.h"

#include "absl/status/statusor.h"

namespace signet::upkeep {

absl::Status ReadWatermark(storage::ReadTxn& txn, std::string_view name,
                           std::optional<absl::Time>& out) {
  const absl::StatusOr<absl::Time> found = txn.GetWatermark(name);
  out = found.ok() ? std::optional(*found) : std::nullopt;
  return absl::IsNotFound(found.status()) ? absl::OkStatus() : found.status();
}

absl::Status SetForward(storage::WriteTxn& txn, std::string_view name,
                        absl::Time time) {
  std::optional<absl::Time> before;
  absl::Status status = ReadWatermark(txn, name, before);
  if (!status.ok() || before >= time) return status;
  return txn.SetWatermark(name, time);
}

}  // namespace signet::upkeep
