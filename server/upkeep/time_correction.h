// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_UPKEEP_TIME_CORRECTION_H_
#define SIGNET_SERVER_UPKEEP_TIME_CORRECTION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/audit/audit_log.h"
#include "storage/store.h"

namespace signet::upkeep {

// Sets the kept mark of time (see TrustedClock) to `mark`, forward or back, and
// gives what it was: a time in RFC 3339, `none`, or `malformed` where it was no
// time. For a store that nobody else has open.
//
// It concerns every account. The event `time.correct`, with the mark before and
// after, goes to each account that a super_admin was granted on, in force, as
// they answer for all; where there is none, to every account. Events are
// written a hundred in a transaction, and the mark in the last of them: an
// attempt that fails may leave events, never a change without one.
// Errors are the store's. Blocks.
absl::StatusOr<std::string> CorrectTimeMark(storage::Store& store,
                                            const audit::AuditLog& audit,
                                            absl::Time mark, absl::Time now);

}  // namespace signet::upkeep

#endif  // SIGNET_SERVER_UPKEEP_TIME_CORRECTION_H_
