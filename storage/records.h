// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_RECORDS_H_
#define SIGNET_STORAGE_RECORDS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/uuid.h"

namespace signet::storage {

// Rows as every engine keeps them. Plain values. Texts are kept byte by byte.
// Numbers are below 2^63. Times are whole nanoseconds within MinTimestamp() and
// MaxTimestamp() of base/rfc3339.h.

// A MAC over a row that gives authority, so that anyone who writes to the
// database without the key becomes nobody by it. What it is made over is
// server/domain's; engines keep the bytes.
struct Seal {
  uint32_t key_version = 0;  // Which key. 0: there is no seal.
  std::array<uint8_t, 32> mac = {};

  friend bool operator==(const Seal&, const Seal&) = default;
};

// A token as stored: never its secret, only a MAC of the whole token.
struct TokenRecord {
  std::string public_id;  // 16 base62 characters, unique for ever.
  std::string prefix;     // The server's at minting, e.g. `hbx_sa`.
  std::string last4;
  uint32_t key_version = 0;          // Which MAC key.
  std::array<uint8_t, 32> mac = {};  // HMAC-SHA-256 of the whole token.
  absl::Time created_at;
  std::optional<absl::Time> expires_at;  // Dead at now >= expires_at.
  // Set once a rotation has replaced it: dead at now >= retires_at too.
  std::optional<absl::Time> retires_at = {};
  std::optional<absl::Time> not_before = {};  // Dead at now < not_before.
  // Replaced without an overlap, or ended within it: dead whatever the clock
  // says. Never taken back.
  bool ended = false;
  Seal seal = {};

  friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

// Why a service account was revoked; names after CRLReason (RFC 5280 section
// 5.3.1).
enum class RevokeReason {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kSuperseded = 2,
  kCessationOfOperation = 3,
  kPrivilegeWithdrawn = 4,
};

// A service account with its current token.
struct ServiceAccountRecord {
  Uuid account_id;
  Uuid id;
  std::string name;
  TokenRecord token;  // Never one that retires or has ended.
  absl::Time created_at;
  absl::Time updated_at;
  std::optional<Uuid> created_by_user_id = {};
  std::optional<absl::Time> last_used_at = {};
  std::optional<absl::Time> revoked_at = {};
  std::optional<Uuid> revoked_by_user_id = {};
  RevokeReason revoke_reason = RevokeReason::kUnspecified;
  std::string revoke_comment = {};  // Free text; empty for none.
  std::string description = {};
  std::map<std::string, std::string> labels = {};  // In UTF-8.
  bool enabled = true;     // While false its tokens fail.
  uint64_t revision = 1;   // Rises with each change but that of last_used_at.
  std::string owner = {};  // Empty for none.
  std::string allowed_addresses = {};  // Empty for any.
  // Who was shown the current token, as server/domain/token_receiver.h names
  // them; empty where it is not known.
  std::string token_shown_to = {};
  Seal seal = {};

  friend bool operator==(const ServiceAccountRecord&,
                         const ServiceAccountRecord&) = default;
};

// A token, and the service account whose it is or was.
struct TokenOwner {
  TokenRecord token;  // The one looked up.
  ServiceAccountRecord owner;

  friend bool operator==(const TokenOwner&, const TokenOwner&) = default;
};

// A token, and whose it is or was, who need not be there any more.
struct OwnedToken {
  Uuid account_id;
  Uuid service_account_id;
  TokenRecord token;

  friend bool operator==(const OwnedToken&, const OwnedToken&) = default;
};

// When a service account's token last authenticated a call.
struct LastUse {
  Uuid account_id;
  Uuid service_account_id;
  absl::Time at;
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
  std::optional<std::string> capability_key = {};  // Set iff kCapability.
  std::optional<std::string> resource_type = {};
  std::optional<Uuid> resource_id = {};
  absl::Time created_at;
  std::optional<absl::Time> revoked_at = {};
  std::string subject_issuer = {};  // Whose subject; empty for none.
  Seal seal = {};

  friend bool operator==(const AuthorizationRecord&,
                         const AuthorizationRecord&) = default;
};

// Whether both grant the same to the same subject on the same account: all of
// them is equal but the id, the times and the seal.
bool GrantsTheSame(const AuthorizationRecord& a, const AuthorizationRecord& b);

// One entry of an account's audit log. What it means is server/domain's;
// engines keep the bytes.
struct AuditEventRecord {
  Uuid account_id;
  uint64_t sequence = 0;  // From 1, without gaps, in each account.
  absl::Time at;
  std::string actor = {};   // `user:<uuid>`, `service_account:<uuid>`, …
  std::string action = {};  // For example `service_account.create`.
  std::string resource_type = {};  // Empty where there is none.
  std::string resource_id = {};    // Empty where there is none.
  std::string outcome = {};        // `allowed` or `denied`.
  std::string request_id = {};
  std::string peer = {};
  std::string user_agent = {};
  std::string details = {};          // A JSON object, or empty.
  uint32_t key_version = 0;          // Which MAC key.
  std::array<uint8_t, 32> mac = {};  // Over this event and the one before.

  friend bool operator==(const AuditEventRecord&,
                         const AuditEventRecord&) = default;
};

// Both ends of an account's audit log, so that a cut at either is noticed.
struct AuditChainRecord {
  Uuid account_id;
  uint64_t first_sequence = 1;  // The oldest event that is kept.
  std::array<uint8_t, 32> mac_before_first = {};
  uint64_t last_sequence = 0;  // first_sequence - 1 where no event is kept.
  std::array<uint8_t, 32> last_mac = {};
  uint32_t key_version = 0;          // Which MAC key.
  std::array<uint8_t, 32> mac = {};  // Over this record.

  friend bool operator==(const AuditChainRecord&,
                         const AuditChainRecord&) = default;
};

// How long the audit log was, as one of those who write it has last written it
// down. What is encrypted is server/domain's; engines keep the bytes.
struct AuditHeadRecord {
  std::string writer;      // The embedded engines have one, "".
  uint64_t events = 0;     // Of all accounts.
  uint64_t accounts = 0;   // That have an audit log.
  std::string ciphertext;  // In the column `sealed`.

  friend bool operator==(const AuditHeadRecord&,
                         const AuditHeadRecord&) = default;
};

// The answer to a call that may be repeated under the same idempotency key.
struct IdempotencyRecord {
  // Names the caller and the idempotency key.
  std::array<uint8_t, 32> lookup = {};
  // Of the method and the request.
  std::array<uint8_t, 32> fingerprint = {};
  std::string ciphertext;  // The answer's. In the column `sealed`.
  absl::Time created_at;

  friend bool operator==(const IdempotencyRecord&,
                         const IdempotencyRecord&) = default;
};

// OK if the record keeps the rules stated above; INTERNAL otherwise, since only
// a mistake of ours can bring it about. WriteTxn asks before anything is
// stored.
absl::Status CheckRecord(const ServiceAccountRecord& record);
absl::Status CheckRecord(const AuthorizationRecord& record);
absl::Status CheckRecord(const AuditEventRecord& record);
absl::Status CheckRecord(const AuditChainRecord& record);
absl::Status CheckRecord(const AuditHeadRecord& record);
absl::Status CheckRecord(const IdempotencyRecord& record);

// What decides how a stored token may change.
struct TokenStatus {
  bool current = false;  // It is its service account's current one.
  bool ended = false;    // As TokenRecord::ended.
};

// The same of a token that takes the place of one that is `stored`: a token
// that was replaced retires, a current one does not, and what has ended stays
// so.
absl::Status CheckUpdate(const TokenRecord& record, const TokenStatus& stored);

// The same of a time that stands alone.
absl::Status CheckTime(absl::Time time);

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_RECORDS_H_
