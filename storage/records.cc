// SPDX-License-Identifier: Apache-2.0
#include "storage/records.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/rfc3339.h"
#include "base/utf8.h"

namespace signet::storage {
namespace {

bool Storable(absl::Time time) {
  return time >= MinTimestamp() && time <= MaxTimestamp() &&
         time == absl::TimeFromTimespec(absl::ToTimespec(time));
}

bool Storable(const std::optional<absl::Time>& time) {
  return !time.has_value() || Storable(*time);
}

// Engines count in 64 bits with a sign.
bool Storable(uint64_t number) {
  return number <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
}

bool Storable(const std::map<std::string, std::string>& labels) {
  return std::all_of(labels.begin(), labels.end(), [](const auto& label) {
    return IsUtf8(label.first) && IsUtf8(label.second);
  });
}

bool FilledIfSet(const std::optional<std::string>& text) {
  return !text.has_value() || !text->empty();
}

constexpr char kTimes[] = "times within range, in whole nanoseconds";
constexpr char kNumbers[] = "numbers below 2^63";

// OK, or which rule the first broken one is.
class Rules {
 public:
  Rules& Require(bool kept, const char* rule) {
    if (status_.ok() && !kept) {
      status_ = absl::InternalError(absl::StrCat("record: want ", rule));
    }
    return *this;
  }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

}  // namespace

absl::Status CheckUpdate(const TokenRecord& record, const TokenStatus& stored) {
  return Rules()
      .Require(Storable(record.expires_at), kTimes)
      .Require(Storable(record.retires_at), kTimes)
      .Require(Storable(record.not_before), kTimes)
      .Require(record.retires_at.has_value() == !stored.current,
               "a time of retirement with a replaced token, and only then")
      .Require(!record.ended || !stored.current, "a current token that goes on")
      .Require(record.ended || !stored.ended, "no token that has ended to live")
      .status();
}

absl::Status CheckTime(absl::Time time) {
  return Rules().Require(Storable(time), kTimes).status();
}

bool GrantsTheSame(const AuthorizationRecord& a, const AuthorizationRecord& b) {
  const auto all = [](const AuthorizationRecord& it) {
    return std::tie(it.account_id, it.grant_kind, it.subject, it.capability_key,
                    it.resource_type, it.resource_id, it.subject_issuer);
  };
  return all(a) == all(b);
}

absl::Status CheckRecord(const ServiceAccountRecord& record) {
  return Rules()
      .Require(!record.name.empty(), "a name")
      .Require(!record.token.public_id.empty(), "a token's public id")
      .Require(Storable(record.created_at), kTimes)
      .Require(Storable(record.updated_at), kTimes)
      .Require(Storable(record.last_used_at), kTimes)
      .Require(Storable(record.revoked_at), kTimes)
      .Require(Storable(record.token.created_at), kTimes)
      .Require(Storable(record.token.expires_at), kTimes)
      .Require(Storable(record.token.not_before), kTimes)
      .Require(!record.token.retires_at.has_value() && !record.token.ended,
               "a current token")
      .Require(record.revoke_reason >= RevokeReason::kUnspecified &&
                   record.revoke_reason <= RevokeReason::kPrivilegeWithdrawn,
               "a reason there is")
      .Require(Storable(record.labels), "labels in UTF-8")
      .Require(Storable(record.revision), kNumbers)
      .status();
}

absl::Status CheckRecord(const AuthorizationRecord& record) {
  return Rules()
      .Require(!record.subject.id.empty(), "a subject")
      .Require(record.capability_key.has_value() ==
                   (record.grant_kind == GrantKind::kCapability),
               "a capability key with a capability, and only then")
      .Require(FilledIfSet(record.capability_key), "no empty capability key")
      .Require(FilledIfSet(record.resource_type), "no empty resource type")
      .Require(Storable(record.created_at), kTimes)
      .Require(Storable(record.revoked_at), kTimes)
      .status();
}

absl::Status CheckRecord(const AuditEventRecord& record) {
  return Rules()
      .Require(record.sequence >= 1, "a sequence number from 1")
      .Require(Storable(record.sequence), kNumbers)
      .Require(Storable(record.at), kTimes)
      .status();
}

absl::Status CheckRecord(const AuditChainRecord& record) {
  return Rules()
      .Require(record.first_sequence >= 1, "a first sequence number from 1")
      .Require(Storable(record.first_sequence), kNumbers)
      .Require(Storable(record.last_sequence), kNumbers)
      .Require(record.last_sequence >= record.first_sequence - 1,
               "no end before the start")
      .status();
}

absl::Status CheckRecord(const AuditHeadRecord& record) {
  return Rules()
      .Require(Storable(record.events), kNumbers)
      .Require(Storable(record.accounts), kNumbers)
      .status();
}

absl::Status CheckRecord(const IdempotencyRecord& record) {
  return Rules().Require(Storable(record.created_at), kTimes).status();
}

}  // namespace signet::storage
