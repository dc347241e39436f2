// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_CONFORMANCE_RANDOM_USE_H_
#define SIGNET_TESTS_CONFORMANCE_RANDOM_USE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "storage/store.h"
#include "tests/support/sample_records.h"

namespace signet::storage {

// Random arguments for everything that a store does, from one seed.
class RandomUse {
 public:
  // Few values, so that they meet. All there are of some:
  static std::vector<Uuid> Accounts();
  static std::vector<std::string> PublicIds();
  static const std::vector<std::string>& Texts();
  static std::vector<std::array<uint8_t, 32>> Lookups();

  uint32_t Pick(uint32_t count) { return random_() % count; }
  bool Chance(uint32_t one_in) { return Pick(one_in) == 0; }
  Uuid AnAccount();
  Uuid AnId() { return SampleId(10 + Pick(25)); }
  absl::Time ATime() {
    return SampleTime(Pick(12)) + absl::Nanoseconds(Pick(2));
  }
  std::optional<absl::Time> PerhapsATime() {
    if (Chance(2)) return std::nullopt;
    return ATime();
  }
  Seal PerhapsASeal() { return Chance(2) ? Seal() : SampleSeal(Pick(300)); }
  std::string APublicId();
  std::array<uint8_t, 32> ALookup();
  std::string AText() { return Texts()[Pick(6)]; }
  Subject ASubject() {
    return {static_cast<SubjectType>(1 + Pick(2)), Chance(2) ? "u" : "v"};
  }

  ServiceAccountRecord AServiceAccount() {
    ServiceAccountRecord record = SampleServiceAccount(AnAccount(), Pick(25));
    record.id = AnId();
    record.name = Chance(40) ? "" : AText();
    record.token.public_id = APublicId();
    record.token.expires_at = PerhapsATime();
    record.token.not_before = PerhapsATime();
    record.token.seal = PerhapsASeal();
    record.created_at = ATime();
    record.updated_at = ATime();
    record.last_used_at = PerhapsATime();
    if (Chance(4)) {
      record.revoked_at = ATime();
      record.revoked_by_user_id = AnId();
      record.revoke_reason = static_cast<RevokeReason>(Pick(5));
      record.revoke_comment = AText();
    }
    if (Chance(3)) record.description = AText();
    while (Chance(2)) record.labels[AText()] = Chance(2) ? "" : AText();
    record.enabled = !Chance(4);
    record.revision = Pick(100);
    if (Chance(3)) record.owner = AText();
    if (Chance(3)) record.allowed_addresses = AText();
    if (Chance(3)) record.token_shown_to = AText();
    record.seal = PerhapsASeal();
    return record;
  }

  AuthorizationRecord AnAuthorization() {
    const auto kind = static_cast<GrantKind>(1 + Pick(3));
    AuthorizationRecord record = SampleGrant(AnAccount(), 0, ASubject(), kind);
    record.id = AnId();
    if (kind == GrantKind::kCapability) record.capability_key = AText();
    if (Chance(3)) record.resource_type = AText();
    if (Chance(3)) record.resource_id = AnId();
    if (Chance(5)) record.revoked_at = ATime();
    if (Chance(5)) record.subject_issuer = AText();
    record.seal = PerhapsASeal();
    return record;
  }

  AuditEventRecord AnEvent() {
    AuditEventRecord record = SampleAuditEvent(AnAccount(), Pick(30));
    record.at = ATime();
    record.actor = AText();
    record.resource_id = Chance(2) ? "" : AText();
    record.details = AText();
    return record;
  }

  ServiceAccountQuery AServiceAccountQuery() {
    ServiceAccountQuery query;
    query.account_id = AnAccount();
    query.order = static_cast<ServiceAccountOrder>(Pick(3));
    query.descending = Chance(2);
    query.limit = 1 + Pick(6);
    query.scan_limit = 1 + Pick(12);
    if (Chance(2)) {
      query.after = ServiceAccountPosition{AnId(), AText(), PerhapsATime()};
    }
    query.filter.now = ATime();
    query.filter.include_revoked = Chance(2);
    if (Chance(4)) query.filter.name_prefix = AText();
    if (Chance(4)) {
      query.filter.state = static_cast<ServiceAccountState>(Pick(4));
    }
    if (Chance(4)) query.filter.expires_before = ATime();
    if (Chance(4)) query.filter.unused_since = ATime();
    return query;
  }

  AuthorizationQuery AnAuthorizationQuery() {
    AuthorizationQuery query;
    query.account_id = AnAccount();
    query.limit = 1 + Pick(6);
    query.scan_limit = 1 + Pick(12);
    query.include_revoked = Chance(2);
    if (Chance(2)) query.after = AnId();
    if (Chance(4)) query.subject_type = ASubject().type;
    if (Chance(4)) query.subject_id = ASubject().id;
    if (Chance(4)) query.grant_kind = static_cast<GrantKind>(1 + Pick(3));
    if (Chance(4)) query.capability_key = AText();
    return query;
  }

  AuditQuery AnAuditQuery() {
    AuditQuery query;
    query.account_id = AnAccount();
    query.limit = 1 + Pick(6);
    query.scan_limit = 1 + Pick(12);
    query.descending = Chance(2);
    if (Chance(2)) query.after = Pick(32);
    if (Chance(4)) query.actor = AText();
    if (Chance(4)) query.resource_id = AText();
    if (Chance(4)) query.from = ATime();
    if (Chance(4)) query.until = ATime();
    return query;
  }

  // One change with random arguments; the same on any transaction.
  std::function<absl::Status(WriteTxn&)> AChange();

  // Some changes to be made together; now and then one that gives up at the
  // end.
  std::function<absl::Status(WriteTxn&)> ABody();

  std::mt19937 random_;
};

}  // namespace signet::storage

#endif  // SIGNET_TESTS_CONFORMANCE_RANDOM_USE_H_
