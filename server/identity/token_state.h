// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_TOKEN_STATE_H_
#define SIGNET_SERVER_IDENTITY_TOKEN_STATE_H_

#include <optional>

#include "absl/time/time.h"
#include "storage/records.h"

namespace signet::identity {

// When the token dies by itself; nullopt for never.
std::optional<absl::Time> DeathOf(const storage::TokenRecord& token);

// Whether the token has ended by a rotation, whatever the clock says: its row
// says so, or it is neither the current token nor one that is to retire. The
// latter is a row from before the rotation that somebody has put back.
bool IsReplaced(const storage::TokenOwner& found);

// Whether the token authenticates at `now`: it has begun and has neither ended
// nor expired nor retired, its service account neither revoked nor disabled.
bool IsLive(const storage::TokenOwner& found, absl::Time now);

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_TOKEN_STATE_H_
