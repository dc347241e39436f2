// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_QUERIES_H_
#define SIGNET_STORAGE_QUERIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/records.h"

namespace signet::storage {

// Listings, page by page (keyset pagination). A page costs the same wherever it
// lies: it begins behind a position and ends with the row that fills it, or
// with which it has reached one of its bounds: `scan_limit` rows looked at,
// `byte_limit` bytes on it, `scan_byte_limit` bytes looked at (see BytesOf).
// One that ends for such a reason may be short, even empty, and still have a
// next.

// What a row takes in an answer, about: its texts, and the names, ids and times
// around them.
int64_t BytesOf(const ServiceAccountRecord& record);
int64_t BytesOf(const AuthorizationRecord& record);
int64_t BytesOf(const AuditEventRecord& record);

enum class ServiceAccountState { kActive, kExpired, kRevoked, kDisabled };

// The state at `now`. Of several that apply the first of: revoked, disabled,
// expired.
ServiceAccountState StateOf(const ServiceAccountRecord& record, absl::Time now);

// Which service accounts to list: those that meet every condition.
struct ServiceAccountFilter {
  bool include_revoked = false;
  std::string name_prefix = {};                   // Byte by byte.
  std::optional<ServiceAccountState> state = {};  // At `now`.
  // Its token expires, and before this.
  std::optional<absl::Time> expires_before = {};
  // Last used before this; if never, created before this.
  std::optional<absl::Time> unused_since = {};
  absl::Time now;

  bool Matches(const ServiceAccountRecord& record) const;
};

// Ids rise with time, so kCreated is by id. Names compare byte by byte. Never
// used comes before any use. Ties go by id. In order of name no rows are looked
// at but those that begin with the filter's name_prefix.
enum class ServiceAccountOrder { kCreated, kName, kLastUsed };

// A place in a listing: that of a row, which need not be there any more.
struct ServiceAccountPosition {
  Uuid id;
  std::string name = {};                        // For kName.
  std::optional<absl::Time> last_used_at = {};  // For kLastUsed.

  friend bool operator==(const ServiceAccountPosition&,
                         const ServiceAccountPosition&) = default;
};

struct ServiceAccountQuery {
  Uuid account_id;
  ServiceAccountFilter filter;
  ServiceAccountOrder order = ServiceAccountOrder::kCreated;
  bool descending = true;
  std::optional<ServiceAccountPosition> after = {};  // Absent: from the start.
  int limit = 0;                                     // All are positive.
  int scan_limit = 0;
  int64_t byte_limit = INT64_MAX;
  int64_t scan_byte_limit = INT64_MAX;
};

struct ServiceAccountPage {
  std::vector<ServiceAccountRecord> records;
  // Of the last row looked at; absent if there is none behind it.
  std::optional<ServiceAccountPosition> next;
};

// Newest first.
struct AuthorizationQuery {
  Uuid account_id;
  std::optional<SubjectType> subject_type = {};
  std::optional<std::string> subject_id = {};
  std::optional<GrantKind> grant_kind = {};
  std::optional<std::string> capability_key = {};
  bool include_revoked = false;
  std::optional<Uuid> after = {};
  int limit = 0;
  int scan_limit = 0;
  int64_t byte_limit = INT64_MAX;
  int64_t scan_byte_limit = INT64_MAX;

  bool Matches(const AuthorizationRecord& record) const;
};

struct AuthorizationPage {
  std::vector<AuthorizationRecord> records;
  std::optional<Uuid> next;
};

// Which grants of a subject bear on a question.
struct HeldFilter {
  // Capabilities are left out but for these, on the resource asked about or on
  // more. Other kinds of grants never are.
  std::vector<std::string> capability_keys;
  std::optional<std::string> resource_type = {};
  std::optional<Uuid> resource_id = {};

  bool Matches(const AuthorizationRecord& record) const;
};

// Which grants of a subject are asked for.
struct GrantFilter {
  std::optional<GrantKind> kind = {};  // Of this kind alone.
  // Of capabilities those alone whose key begins so, byte by byte.
  std::string capability_prefix = {};

  bool Matches(const AuthorizationRecord& record) const;
};

// An empty text is no condition. Times are [from, until).
struct AuditQuery {
  Uuid account_id;
  std::string actor = {};
  std::string action = {};
  std::string resource_id = {};
  std::string outcome = {};
  std::optional<absl::Time> from = {};
  std::optional<absl::Time> until = {};
  bool descending = true;              // Newest first.
  std::optional<uint64_t> after = {};  // A sequence number.
  int limit = 0;
  int scan_limit = 0;
  int64_t byte_limit = INT64_MAX;
  int64_t scan_byte_limit = INT64_MAX;

  bool Matches(const AuditEventRecord& record) const;
};

struct AuditPage {
  std::vector<AuditEventRecord> records;
  std::optional<uint64_t> next;
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_QUERIES_H_
