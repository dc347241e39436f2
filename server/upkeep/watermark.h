// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_UPKEEP_WATERMARK_H_
#define SIGNET_SERVER_UPKEEP_WATERMARK_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/store.h"

namespace signet::upkeep {

// How far something has come, as the store keeps it under a name.

// The mark of time (see TrustedClock), for the next process.
inline constexpr std::string_view kTimeWatermark = "time";

// `out` receives nullopt where it was never set. Errors as GetWatermark().
absl::Status ReadWatermark(storage::ReadTxn& txn, std::string_view name,
                           std::optional<absl::Time>& out);

// Sets it, unless it is as far already.
absl::Status SetForward(storage::WriteTxn& txn, std::string_view name,
                        absl::Time time);

}  // namespace signet::upkeep

#endif  // SIGNET_SERVER_UPKEEP_WATERMARK_H_
