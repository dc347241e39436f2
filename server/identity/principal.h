// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_PRINCIPAL_H_
#define SIGNET_SERVER_IDENTITY_PRINCIPAL_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/records.h"
#include "storage/work.h"

namespace signet::identity {

enum class PrincipalKind { kUser, kServiceAccount };

struct TokenSnapshot;

// The tenant that all users are.
inline constexpr Uuid kUsersTenant = Uuid(Uuid::Bytes{0xFF});

// Who calls, proved by a credential. A plain value.
struct Principal {
  PrincipalKind kind = PrincipalKind::kServiceAccount;

  // A service account's id; a user's `sub` where that is a UUID, else the
  // UUIDv5 of (issuer, sub).
  Uuid id = {};

  // A user's `sub` as the issuer wrote it; empty for a service account.
  std::string oauth_subject = {};

  // The groups an OAuth token names; empty for a service account.
  std::vector<std::string> groups = {};

  // The account a service account belongs to; nullopt for a user.
  std::optional<Uuid> home_account_id = {};

  // The public id of the token that a service account presented; empty for a
  // user.
  std::string token_public_id = {};

  // False for a token that is only accepted to be ended (see
  // Authenticator::AuthenticateToEnd).
  bool live = true;

  // When the presented credential dies; nullopt for never.
  std::optional<absl::Time> credential_expires_at = {};

  // What was known of the token presented, true when the call came; null for a
  // user.
  std::shared_ptr<const TokenSnapshot> token_snapshot = {};

  // Everything that this principal may be called in an authorization: a service
  // account its id; a user its id, its `sub`, and each of its groups. UUIDs in
  // lower case, as grants record them.
  std::vector<storage::Subject> Subjects() const;

  // For attribution: the user's id, or nullopt where a service account acts.
  std::optional<Uuid> user_id() const {
    if (kind == PrincipalKind::kUser) return id;
    return std::nullopt;
  }

  // Whom a transaction of this principal's is for. All users are one tenant,
  // as there may be any number of them and nothing tells whose they are. Who is
  // nobody (see Caller::trusted) is nobody there too.
  WorkFor work_for() const { return work_for_on(kUsersTenant); }
  // The same once it is known that it holds something on `account_id`: a user
  // then counts with that account. Who holds nothing there could name any.
  WorkFor work_for_on(const Uuid& account_id) const {
    return {.tenant_id = home_account_id.value_or(
                kind == PrincipalKind::kUser ? account_id : id),
            .principal_id = id};
  }

  // For logs: `user:<uuid>` or `service_account:<uuid>`.
  std::string ToString() const;
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_PRINCIPAL_H_
