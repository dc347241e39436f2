// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_RECORDS_H_
#define SIGNET_STORAGE_RECORDS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/uuid.h"

namespace signet {

// Rows as every engine keeps them. Plain values. Texts are kept byte by byte.
// Times are whole nanoseconds within MinTimestamp() and MaxTimestamp() of
// server/base/rfc3339.h.

// A token as stored: never its secret, only a MAC of the whole token.
struct TokenRecord {
  std::string public_id;  // 16 base62 characters, unique for ever.
  std::string prefix;     // The server's at minting, e.g. `hbx_sa`.
  std::string last4;
  uint32_t key_version = 0;          // Which MAC key.
  std::array<uint8_t, 32> mac = {};  // HMAC-SHA-256 of the whole token.
  absl::Time created_at;
  std::optional<absl::Time> expires_at;  // Dead at now >= expires_at.

  friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

// A service account with its current token.
struct ServiceAccountRecord {
  Uuid account_id;
  Uuid id;
  std::string name;
  TokenRecord token;
  absl::Time created_at;
  absl::Time updated_at;
  std::optional<Uuid> created_by_user_id;
  std::optional<absl::Time> last_used_at;
  std::optional<absl::Time> revoked_at;
  std::optional<Uuid> revoked_by_user_id;

  friend bool operator==(const ServiceAccountRecord&,
                         const ServiceAccountRecord&) = default;
};

enum class SubjectType { kUser = 1, kGroup = 2, kServiceAccount = 3 };

// Whom an authorization names.
struct Subject {
  SubjectType type = SubjectType::kUser;
  std::string id;  // At least one character; a UUID in lower case.

  friend auto operator<=>(const Subject&, const Subject&) = default;
};

enum class GrantKind { kCapability = 1, kAccountOwner = 2, kSuperAdmin = 3 };

struct AuthorizationRecord {
  Uuid id;
  Uuid account_id;  // Where it was granted; a super_admin's reaches everywhere.
  GrantKind grant_kind = GrantKind::kCapability;
  Subject subject;
  std::optional<std::string> capability_key;  // Set iff kCapability.
  std::optional<std::string> resource_type;
  std::optional<Uuid> resource_id;
  absl::Time created_at;
  std::optional<absl::Time> revoked_at;

  friend bool operator==(const AuthorizationRecord&,
                         const AuthorizationRecord&) = default;
};

// OK if the record keeps the rules stated above; INTERNAL otherwise, since only
// a mistake of ours can bring it about. Every engine asks before it stores one.
absl::Status CheckRecord(const ServiceAccountRecord& record);
absl::Status CheckRecord(const AuthorizationRecord& record);

}  // namespace signet

#endif  // SIGNET_STORAGE_RECORDS_H_
